package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsNameProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Util;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.util.HttpResponses;
import io.jenkins.plugins.vcftoken.DeviceFlowRegistry;
import io.jenkins.plugins.vcftoken.DeviceFlowSession;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.oauth.DeviceFlow;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
import java.time.Duration;
import net.sf.json.JSONObject;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.WebMethod;
import org.kohsuke.stapler.verb.GET;
import org.kohsuke.stapler.verb.POST;

/** Has a service account authorized by a person, who never sees its refresh token. */
public final class DeviceFlowPage implements ModelObject, StaplerProxy {

    /** Where the keyboard goes when the button that was pressed is gone. */
    private static final String NEWS = "./#vcf-authorization-message";

    private final LocatedCredential stored;

    @CheckForNull
    private String error;

    /** For one request. */
    @CheckForNull
    private HealthStatus state;

    DeviceFlowPage(LocatedCredential stored) {
        this.stored = stored;
    }

    @Override
    public Object getTarget() {
        TokenDetailPage.checkUpdate(stored);
        return this;
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return Messages.DeviceFlowPage_displayName();
    }

    public String getName() {
        return CredentialsNameProvider.name(stored.credential());
    }

    /** What went wrong with the request that this page answers. */
    @CheckForNull
    public String getError() {
        return error;
    }

    /** As it was used last, or as the credential has it; may be empty. */
    public String getClientId() {
        DeviceFlowSession last = DeviceFlowRegistry.get().at(stored.location());
        String known = stored.credential().clientId();
        return known.isEmpty() && last != null ? last.clientId() : known;
    }

    public boolean isRunning() {
        DeviceFlowSession attempt = attempt();
        return attempt != null && attempt.isRunning();
    }

    /** Whether the last attempt brought a refresh token, and nothing is known against it since. */
    public boolean isGranted() {
        DeviceFlowSession attempt = attempt();
        return attempt != null && attempt.state() == DeviceFlow.State.GRANTED;
    }

    /** What the person on the server compares or types; null when nobody was asked. */
    @CheckForNull
    public String getUserCode() {
        DeviceFlowSession attempt = attempt();
        return attempt == null ? null : attempt.codes().userCode();
    }

    /** Where to say yes: http or https; null where the server named no such address. */
    @CheckForNull
    public String getAddress() {
        DeviceFlowSession attempt = attempt();
        if (attempt == null) {
            return null;
        }
        String complete = attempt.codes().completeUri();
        return complete != null ? complete : attempt.codes().verificationUri();
    }

    public long getSecondsLeft() {
        DeviceFlowSession attempt = attempt();
        if (attempt == null || !attempt.isRunning()) {
            return 0;
        }
        Duration left = Duration.between(
                VcfTokenService.get().clock().instant(), attempt.codes().expiresAt());
        return Math.max(0, left.toSeconds());
    }

    /** How the attempt is, in words; empty when there is none. */
    public String getMessage() {
        DeviceFlowSession attempt = attempt();
        return attempt == null ? "" : DeviceFlowMessages.of(attempt);
    }

    @POST
    public HttpResponse doStart(@QueryParameter String clientId) {
        TokenDetailPage.checkUpdate(stored);
        String account = Util.fixEmptyAndTrim(clientId);
        if (account == null) {
            return failed(Messages.DeviceFlowPage_noClientId());
        }
        try {
            DeviceFlowSession attempt = DeviceFlowRegistry.get().start(stored.credential(), account, currentUser());
            if (!attempt.clientId().equals(account)) {
                return failed(Messages.DeviceFlowPage_otherAttempt(attempt.clientId(), attempt.startedBy()));
            }
            AuditLog.get().acted("authorize", stored.location(), null);
        } catch (TokenUnavailableException e) {
            return failed(e.getMessage());
        }
        return HttpResponses.redirectToDot();
    }

    /** Names are chosen freely, IDs are not. */
    private static String currentUser() {
        User user = User.current();
        if (user == null) {
            return Messages.DeviceFlowPage_somebody();
        }
        String name = user.getDisplayName();
        return name.equals(user.getId()) ? name : name + " (" + user.getId() + ')';
    }

    /** For who reloads what was answered to a POST, or opens its address again. */
    @GET
    @WebMethod(name = {"start", "cancel"})
    public HttpResponse toPage() {
        return HttpResponses.redirectToDot();
    }

    @POST
    public HttpResponse doCancel() {
        TokenDetailPage.checkUpdate(stored);
        DeviceFlowSession attempt = attempt();
        if (attempt != null && attempt.isRunning()) {
            attempt.cancel();
            AuditLog.get().acted("cancel", stored.location(), null);
        }
        return HttpResponses.redirectTo(NEWS);
    }

    /** For the page, which asks every now and then. */
    @POST
    public HttpResponse doStatus() {
        TokenDetailPage.checkUpdate(stored);
        return HttpResponses.okJSON(new JSONObject()
                .element("running", isRunning())
                .element("granted", isGranted())
                .element("message", getMessage())
                .element("userCode", getUserCode())
                .element("secondsLeft", getSecondsLeft()));
    }

    private HttpResponse failed(String why) {
        error = why;
        return HttpResponses.forwardToView(this, "index");
    }

    /** The last one, as long as there is something to say of it. */
    @CheckForNull
    private DeviceFlowSession attempt() {
        DeviceFlowSession last = DeviceFlowRegistry.get().at(stored.location());
        boolean isTold = last != null
                && last.isRecent(VcfTokenService.get().clock().instant())
                && (last.state() != DeviceFlow.State.GRANTED || isStillTrue(last));
        return isTold ? last : null;
    }

    /** What was authorized may have been revoked since, and then nobody should read that jobs can use it. */
    private synchronized boolean isStillTrue(DeviceFlowSession granted) {
        if (granted.placed() == StoreCredentialWriter.Placed.FOR_ANOTHER_SERVER) {
            return true;
        }
        if (state == null) {
            try {
                state = HealthCheck.start().assess(stored).getState();
            } catch (TokenUnavailableException e) {
                // The credential's own page says so.
                return true;
            }
        }
        return !state.isBroken() && state != HealthStatus.NO_SECRET;
    }
}
