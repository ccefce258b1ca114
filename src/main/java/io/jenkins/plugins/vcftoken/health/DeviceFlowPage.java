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
import io.jenkins.plugins.vcftoken.store.WriteResult;
import java.time.Duration;
import net.sf.json.JSONObject;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.WebMethod;
import org.kohsuke.stapler.verb.GET;
import org.kohsuke.stapler.verb.POST;

/**
 * The page on which a person has a service account authorized: shows the code of the device flow and its state, and
 * never the refresh token. One object serves one request.
 */
public final class DeviceFlowPage implements ModelObject, StaplerProxy {

    /** Moves the focus of the keyboard to the message when the button that was pressed is gone. */
    private static final String MESSAGE = "./#vcf-authorization-message";

    private final LocatedCredential stored;

    @CheckForNull
    private String error;

    @CheckForNull
    private HealthStatus health;

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

    /** A Pipeline that uses the credential. */
    public String getSnippet() {
        return TokenDetailPage.snippet(stored);
    }

    /** The error of the request that is answered with this page, or null. */
    @CheckForNull
    public String getError() {
        return error;
    }

    /** The client ID of the credential, or else the one that was used last; may be empty. */
    public String getClientId() {
        DeviceFlowSession last = DeviceFlowRegistry.get().find(stored.location());
        String known = stored.credential().clientId();
        return known.isEmpty() && last != null ? last.clientId() : known;
    }

    public boolean isRunning() {
        DeviceFlowSession session = session();
        return session != null && session.isRunning();
    }

    /** Whether the last device flow brought a refresh token that the server has not rejected since. */
    public boolean isGranted() {
        DeviceFlowSession session = session();
        return session != null && session.state() == DeviceFlow.State.GRANTED;
    }

    @CheckForNull
    public String getUserCode() {
        DeviceFlowSession session = session();
        return session == null ? null : session.codes().userCode();
    }

    /** The http or https address where the code is approved; null when the server named none. */
    @CheckForNull
    public String getAddress() {
        DeviceFlowSession session = session();
        if (session == null) {
            return null;
        }
        String complete = session.codes().completeUri();
        return complete != null ? complete : session.codes().verificationUri();
    }

    public long getSecondsLeft() {
        DeviceFlowSession session = session();
        if (session == null || !session.isRunning()) {
            return 0;
        }
        Duration left = Duration.between(
                VcfTokenService.get().clock().instant(), session.codes().expiresAt());
        return Math.max(0, left.toSeconds());
    }

    /** The state of the device flow; empty without one. */
    public String getMessage() {
        DeviceFlowSession session = session();
        return session == null ? "" : message(session);
    }

    static String message(DeviceFlowSession session) {
        return switch (session.state()) {
            case WAITING ->
                session.error().isEmpty()
                        ? Messages.DeviceFlowPage_waiting(session.startedBy())
                        : Messages.DeviceFlowPage_waitingAfterError(session.startedBy(), session.error());
            case GRANTED -> grantedMessage(session);
            case DENIED -> Messages.DeviceFlowPage_denied();
            case EXPIRED -> Messages.DeviceFlowPage_expired();
            case CANCELED -> Messages.DeviceFlowPage_canceled();
            case FAILED -> Messages.DeviceFlowPage_failed(session.error());
        };
    }

    private static String grantedMessage(DeviceFlowSession session) {
        WriteResult placed = session.placed();
        if (placed == null) {
            return Messages.DeviceFlowPage_storeFailed();
        }
        return switch (placed) {
            case STORED -> Messages.DeviceFlowPage_granted();
            case READ_ONLY -> Messages.DeviceFlowPage_readOnly();
            case GONE -> Messages.DeviceFlowPage_gone(session.location().credentialsId());
            case UNCHANGED -> Messages.DeviceFlowPage_otherServer();
        };
    }

    @POST
    public HttpResponse doStart(@QueryParameter String clientId) {
        TokenDetailPage.checkUpdate(stored);
        String account = Util.fixEmptyAndTrim(clientId);
        if (account == null) {
            return failed(Messages.DeviceFlowPage_noClientId());
        }
        try {
            DeviceFlowSession session = DeviceFlowRegistry.get().start(stored.credential(), account, currentUser());
            if (!session.clientId().equals(account)) {
                return failed(Messages.DeviceFlowPage_otherAttempt(session.clientId(), session.startedBy()));
            }
            AuditLog.get().acted("authorize", stored.location(), null);
        } catch (TokenUnavailableException e) {
            return failed(e.getMessage());
        }
        return HttpResponses.redirectToDot();
    }

    /** With the ID, because display names can be chosen freely. */
    private static String currentUser() {
        User user = User.current();
        if (user == null) {
            return Messages.DeviceFlowPage_unknownUser();
        }
        String name = user.getDisplayName();
        return name.equals(user.getId()) ? name : name + " (" + user.getId() + ')';
    }

    /** For a reload of the response to a POST. */
    @GET
    @WebMethod(name = {"start", "cancel"})
    public HttpResponse toPage() {
        return HttpResponses.redirectToDot();
    }

    @POST
    public HttpResponse doCancel() {
        TokenDetailPage.checkUpdate(stored);
        DeviceFlowSession session = session();
        if (session != null && session.isRunning()) {
            session.cancel();
            AuditLog.get().acted("cancel", stored.location(), null);
        }
        return HttpResponses.redirectTo(MESSAGE);
    }

    /** For the script of the page, which polls. */
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

    private HttpResponse failed(String newError) {
        error = newError;
        return HttpResponses.forwardToView(this, "index");
    }

    /** The last device flow if it is recent and, where it was granted, the account still works; null otherwise. */
    @CheckForNull
    private DeviceFlowSession session() {
        DeviceFlowSession last = DeviceFlowRegistry.get().find(stored.location());
        boolean isShown = last != null
                && last.isRecent(VcfTokenService.get().clock().instant())
                && (last.state() != DeviceFlow.State.GRANTED || isUsable(last));
        return isShown ? last : null;
    }

    /** The account may have been revoked since it was authorized. */
    private synchronized boolean isUsable(DeviceFlowSession granted) {
        if (granted.placed() == WriteResult.UNCHANGED) {
            return true;
        }
        if (health == null) {
            try {
                health = HealthCheck.start().assess(stored).getState();
            } catch (TokenUnavailableException e) {
                // The page of the credential shows this error.
                return true;
            }
        }
        return !health.isBroken() && health != HealthStatus.NO_SECRET;
    }
}
