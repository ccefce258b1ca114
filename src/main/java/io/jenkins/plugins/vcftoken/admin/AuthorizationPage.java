package io.jenkins.plugins.vcftoken.admin;

import com.cloudbees.plugins.credentials.CredentialsNameProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Util;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.util.HttpResponses;
import io.jenkins.plugins.vcftoken.audit.AuditLog;
import io.jenkins.plugins.vcftoken.controller.Authorization;
import io.jenkins.plugins.vcftoken.controller.Authorizations;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.exchange.DeviceAuthorization;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.store.CredentialHome;
import io.jenkins.plugins.vcftoken.store.StoredCredential;
import java.time.Duration;
import net.sf.json.JSONObject;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.WebMethod;
import org.kohsuke.stapler.verb.GET;
import org.kohsuke.stapler.verb.POST;

/** Has a service account authorized by a person, who never sees its refresh token. */
public final class AuthorizationPage implements ModelObject, StaplerProxy {

    /** Where the keyboard goes when the button that was pressed is gone. */
    private static final String NEWS = "./#vcf-authorization-message";

    private final StoredCredential stored;

    @CheckForNull
    private String error;

    /** For one request. */
    @CheckForNull
    private TokenState state;

    AuthorizationPage(StoredCredential stored) {
        this.stored = stored;
    }

    @Override
    public Object getTarget() {
        MayAct.check(stored);
        return this;
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return Messages.AuthorizationPage_displayName();
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
        Authorization last = Authorizations.get().at(stored.place());
        String known = stored.credential().clientId();
        return known.isEmpty() && last != null ? last.clientId() : known;
    }

    public boolean isRunning() {
        Authorization attempt = attempt();
        return attempt != null && attempt.isRunning();
    }

    /** Whether the last attempt brought a refresh token, and nothing is known against it since. */
    public boolean isGranted() {
        Authorization attempt = attempt();
        return attempt != null && attempt.state() == DeviceAuthorization.State.GRANTED;
    }

    /** What the person on the server compares or types; null when nobody was asked. */
    @CheckForNull
    public String getUserCode() {
        Authorization attempt = attempt();
        return attempt == null ? null : attempt.codes().userCode();
    }

    /** Where to say yes: http or https; null where the server named no such address. */
    @CheckForNull
    public String getAddress() {
        Authorization attempt = attempt();
        if (attempt == null) {
            return null;
        }
        String complete = attempt.codes().completeUri();
        return complete != null ? complete : attempt.codes().verificationUri();
    }

    public long getSecondsLeft() {
        Authorization attempt = attempt();
        if (attempt == null || !attempt.isRunning()) {
            return 0;
        }
        Duration left = Duration.between(
                VcfTokens.get().clock().instant(), attempt.codes().expiresAt());
        return Math.max(0, left.toSeconds());
    }

    /** How the attempt is, in words; empty when there is none. */
    public String getMessage() {
        Authorization attempt = attempt();
        return attempt == null ? "" : AuthorizationWords.of(attempt);
    }

    @POST
    public HttpResponse doStart(@QueryParameter String clientId) {
        MayAct.check(stored);
        String account = Util.fixEmptyAndTrim(clientId);
        if (account == null) {
            return failed(Messages.AuthorizationPage_noClientId());
        }
        try {
            Authorization attempt = Authorizations.get().start(stored.credential(), account, whoAsks());
            if (!attempt.clientId().equals(account)) {
                return failed(Messages.AuthorizationPage_otherAttempt(attempt.clientId(), attempt.startedBy()));
            }
            AuditLog.get().acted("authorize", stored.place(), null);
        } catch (FamilyException e) {
            return failed(e.getMessage());
        }
        return HttpResponses.redirectToDot();
    }

    /** Names are chosen freely, IDs are not. */
    private static String whoAsks() {
        User user = User.current();
        if (user == null) {
            return Messages.AuthorizationPage_somebody();
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
        MayAct.check(stored);
        Authorization attempt = attempt();
        if (attempt != null && attempt.isRunning()) {
            attempt.cancel();
            AuditLog.get().acted("cancel", stored.place(), null);
        }
        return HttpResponses.redirectTo(NEWS);
    }

    /** For the page, which asks every now and then. */
    @POST
    public HttpResponse doStatus() {
        MayAct.check(stored);
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
    private Authorization attempt() {
        Authorization last = Authorizations.get().at(stored.place());
        boolean isTold = last != null
                && last.isNews(VcfTokens.get().clock().instant())
                && (last.state() != DeviceAuthorization.State.GRANTED || isStillTrue(last));
        return isTold ? last : null;
    }

    /** What was authorized may have been revoked since, and then nobody should read that jobs can use it. */
    private synchronized boolean isStillTrue(Authorization granted) {
        if (granted.placed() == CredentialHome.Placed.FOR_ANOTHER_SERVER) {
            return true;
        }
        if (state == null) {
            try {
                state = Checkup.make().of(stored).getState();
            } catch (FamilyException e) {
                // The credential's own page says so.
                return true;
            }
        }
        return !state.isBroken() && state != TokenState.NO_SECRET;
    }
}
