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
 * Page that authorizes a service account: shows user code and state of the device flow, but not the refresh token. An
 * instance serves one request.
 */
public final class DeviceFlowPage implements ModelObject, StaplerProxy {

    /** Moves the keyboard focus to the message, because the pressed button is no longer on the page. */
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

    public String getSnippet() {
        return TokenDetailPage.snippet(stored);
    }

    /** Error of the current request, or null. */
    @CheckForNull
    public String getError() {
        return error;
    }

    /** Client ID of the credential or, if it has none, of the last device flow; may be empty. */
    public String getClientId() {
        DeviceFlowSession last = DeviceFlowRegistry.get().find(stored.location());
        String clientId = stored.credential().clientId();
        return clientId.isEmpty() && last != null ? last.clientId() : clientId;
    }

    public boolean isRunning() {
        DeviceFlowSession session = session();
        return session != null && session.isRunning();
    }

    /** Whether the last device flow returned a refresh token that the server has not rejected since. */
    public boolean isGranted() {
        DeviceFlowSession session = session();
        return session != null && session.state() == DeviceFlow.State.GRANTED;
    }

    @CheckForNull
    public String getUserCode() {
        DeviceFlowSession session = session();
        return session == null ? null : session.codes().userCode();
    }

    /** HTTP or HTTPS URL where the user code is approved; null if the server did not return one. */
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

    /** State of the device flow; empty if there is none. */
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
        WriteResult result = session.storeResult();
        if (result == null) {
            return Messages.DeviceFlowPage_storeFailed();
        }
        return switch (result) {
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
            return showError(Messages.DeviceFlowPage_noClientId());
        }
        try {
            DeviceFlowSession session = DeviceFlowRegistry.get().start(stored.credential(), account, currentUser());
            if (!session.clientId().equals(account)) {
                return showError(Messages.DeviceFlowPage_otherAttempt(session.clientId(), session.startedBy()));
            }
            AuditLog.get().logAction("authorize", stored.location(), null);
        } catch (TokenUnavailableException e) {
            return showError(e.getMessage());
        }
        return HttpResponses.redirectToDot();
    }

    /** Includes the user ID, because users can choose their display names freely. */
    private static String currentUser() {
        User user = User.current();
        if (user == null) {
            return Messages.DeviceFlowPage_unknownUser();
        }
        String name = user.getDisplayName();
        return name.equals(user.getId()) ? name : name + " (" + user.getId() + ')';
    }

    /** Redirects a GET of an action URL, for example after a reload, to the page. */
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
            AuditLog.get().logAction("cancel", stored.location(), null);
        }
        return HttpResponses.redirectTo(MESSAGE);
    }

    /** Called by the page's script, which polls. */
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

    private HttpResponse showError(String message) {
        error = message;
        return HttpResponses.forwardToView(this, "index");
    }

    /** Returns the last device flow, or null if it is not recent or its refresh token no longer works. */
    @CheckForNull
    private DeviceFlowSession session() {
        DeviceFlowSession last = DeviceFlowRegistry.get().find(stored.location());
        boolean isShown = last != null
                && last.isRecent(VcfTokenService.get().clock().instant())
                && (last.state() != DeviceFlow.State.GRANTED || isUsable(last));
        return isShown ? last : null;
    }

    /** Detects accounts that were revoked after the authorization. */
    private synchronized boolean isUsable(DeviceFlowSession granted) {
        if (granted.storeResult() == WriteResult.UNCHANGED) {
            return true;
        }
        if (health == null) {
            try {
                health = CredentialHealthEvaluator.start().assess(stored).getState();
            } catch (TokenUnavailableException e) {
                // The credential's token page shows this error.
                return true;
            }
        }
        return !health.isBroken() && health != HealthStatus.NO_SECRET;
    }
}
