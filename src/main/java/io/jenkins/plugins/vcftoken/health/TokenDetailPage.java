package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.model.Api;
import hudson.model.Failure;
import hudson.model.ModelObject;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.HttpResponses;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.Stapler;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.WebMethod;
import org.kohsuke.stapler.verb.GET;
import org.kohsuke.stapler.verb.POST;

/** How the tokens of one credential are, and what can be done about it. */
public final class TokenDetailPage implements ModelObject, StaplerProxy {

    private final LocatedCredential stored;

    /** For one request. */
    @CheckForNull
    private CredentialHealth health;

    @CheckForNull
    private String error;

    TokenDetailPage(LocatedCredential stored) {
        this.stored = stored;
    }

    @Override
    public Object getTarget() {
        stored.store().checkPermission(CredentialsProvider.VIEW);
        return this;
    }

    public Api getApi() {
        return new Api(getHealth());
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return stored.credential().getId();
    }

    public synchronized CredentialHealth getHealth() {
        if (health == null) {
            try {
                health = HealthCheck.make().of(stored);
            } catch (TokenUnavailableException e) {
                throw new Failure(e.getMessage());
            }
        }
        return health;
    }

    /** Why the exchange that this page answers brought no access token. */
    @CheckForNull
    public String getError() {
        return error;
    }

    /** Whether an exchange is worth a try. */
    public boolean isRenewable() {
        return switch (getHealth().getState()) {
            case READY, IDLE, NOT_USED, FAILING -> true;
            default -> false;
        };
    }

    /** Whether a person may know better than the record. */
    public boolean isRetriable() {
        return switch (getHealth().getState()) {
            case REJECTED, UNKNOWN, AWAITING_RETRY -> getHealth().family() != null;
            default -> false;
        };
    }

    public boolean isForgettable() {
        return getHealth().family() != null && getHealth().getState() != HealthStatus.REQUESTING;
    }

    /** Whether the account can be given a new token by a person in a browser. */
    public boolean isAuthorizable() {
        return stored.credential().isAuthorizable();
    }

    /** Whether the credential stores the newest token, so that nothing is lost with the record. */
    public boolean isStoredNewest() {
        TokenFamily family = getHealth().family();
        return family == null
                || family.tokens()
                        .current()
                        .equals(stored.credential().storedSecret().getPlainText());
    }

    /** Exchanges the secret now. */
    @POST
    public HttpResponse doRenew() throws InterruptedException {
        TokenPermissions.check(stored);
        AuditLog.get().acted("renew", stored.location(), null);
        return renewed();
    }

    /**
     * Exchanges the secret of a dead or doubtful family once more.
     *
     * @param confirmed whether a person has read what that may cost
     */
    @POST
    public HttpResponse doRetry(@QueryParameter boolean confirmed)
            throws IOException, InterruptedException, TokenUnavailableException {
        TokenPermissions.check(stored);
        TokenFamily family = getHealth().family();
        if (!confirmed) {
            throw new Failure(Messages.TokenDetailPage_confirm());
        }
        if (family == null || !isRetriable()) {
            throw new Failure(Messages.TokenDetailPage_nothingToRetry());
        }
        AuditLog.get().acted("vouch", stored.location(), family.id());
        VcfTokenService.get().administration().vouch(family.id());
        return renewed();
    }

    /**
     * Removes the record.
     *
     * @param confirmed whether a person has read what that may cost
     * @param loses whether they have read that it costs the newest token
     */
    @POST
    public HttpResponse doForget(@QueryParameter boolean confirmed, @QueryParameter boolean loses)
            throws IOException, InterruptedException, TokenUnavailableException {
        TokenPermissions.check(stored);
        TokenFamily family = getHealth().family();
        if (!confirmed) {
            throw new Failure(Messages.TokenDetailPage_confirm());
        }
        if (family == null || !isForgettable()) {
            throw new Failure(Messages.TokenDetailPage_nothingToForget());
        }
        boolean isAsSeen = loses || isStoredNewest();
        if (!isAsSeen || !VcfTokenService.get().administration().forget(family)) {
            throw new Failure(Messages.TokenDetailPage_rotatedMeanwhile());
        }
        AuditLog.get().acted("forget", stored.location(), family.id());
        return done();
    }

    private HttpResponse renewed() throws InterruptedException {
        try {
            VcfTokenService.get().renew(stored.credential());
            return done();
        } catch (TokenUnavailableException e) {
            HealthMonitorWork.get().lookSoon();
            return failed(e);
        }
    }

    /** The page as it is now, where the next step is at hand; to scripts, its status says that there is no access token. */
    private synchronized HttpResponse failed(TokenUnavailableException why) {
        error = why.getMessage();
        health = null;
        Stapler.getCurrentResponse2().setStatus(HttpServletResponse.SC_BAD_REQUEST);
        return HttpResponses.forwardToView(this, "index");
    }

    private static HttpResponse done() {
        HealthMonitorWork.get().lookSoon();
        return HttpResponses.redirectToDot();
    }

    /** For who reloads what was answered to a POST, or opens its address again. */
    @GET
    @WebMethod(name = {"renew", "retry", "forget"})
    public HttpResponse toPage() {
        return HttpResponses.redirectToDot();
    }

    /** @return null, which Jenkins answers with 404, where there is nobody to ask for a yes */
    @CheckForNull
    public DeviceFlowPage getAuthorize() {
        return isAuthorizable() ? new DeviceFlowPage(stored) : null;
    }
}
