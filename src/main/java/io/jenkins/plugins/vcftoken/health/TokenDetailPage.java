package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.model.Api;
import hudson.model.Failure;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.AccessControlled;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.HttpResponses;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.Stapler;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.WebMethod;
import org.kohsuke.stapler.verb.GET;
import org.kohsuke.stapler.verb.POST;

/** Page with the token state of one credential and its actions. An instance serves one request. */
public final class TokenDetailPage implements ModelObject, StaplerProxy {

    private final LocatedCredential stored;

    @CheckForNull
    private CredentialHealth health;

    @CheckForNull
    private List<LastBuildWithCredential> uses;

    @CheckForNull
    private String error;

    TokenDetailPage(LocatedCredential stored) {
        this.stored = stored;
    }

    /**
     * Whether the current user has permission for the actions: permission to update the credential or, because a
     * read-only store does not grant that to any user, permission to update credentials of the store's owner. The
     * second rule excludes personal stores, because administrators have all permissions on the user.
     */
    static boolean canUpdate(LocatedCredential stored) {
        ModelObject owner = stored.store().getContext();
        return stored.store().hasPermission(CredentialsProvider.UPDATE)
                || (owner instanceof AccessControlled controlled
                        && !(owner instanceof User)
                        && controlled.hasPermission(CredentialsProvider.UPDATE));
    }

    static void checkUpdate(LocatedCredential stored) {
        if (!canUpdate(stored)) {
            stored.store().checkPermission(CredentialsProvider.UPDATE);
        }
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
                health = CredentialHealthEvaluator.start().assess(stored);
            } catch (TokenUnavailableException e) {
                throw new Failure(e.getMessage());
            }
        }
        return health;
    }

    public synchronized List<LastBuildWithCredential> getUses() {
        if (uses == null) {
            uses = LastBuildWithCredential.find(stored.credential());
        }
        return uses;
    }

    public List<RecentEvents.Event> getEvents() {
        return RecentEvents.get().find(stored.location());
    }

    /** Example of a Pipeline that uses the credential. */
    public String getSnippet() {
        return snippet(stored);
    }

    static String snippet(LocatedCredential stored) {
        String id = stored.credential().getId().replace("\\", "\\\\").replace("'", "\\'");
        return "withVcfToken(credentialsId: '" + id + "') {\n    sh './deploy.sh' // reads VCF_TOKEN and VCF_URL\n}";
    }

    /** Error of the action in the current request, or null. */
    @CheckForNull
    public String getError() {
        return error;
    }

    public boolean isBusy() {
        return getHealth().getState().isTransient();
    }

    public boolean isRenewable() {
        return switch (getHealth().getState()) {
            case READY, IDLE, NOT_USED, FAILING -> true;
            default -> false;
        };
    }

    public boolean isRetriable() {
        return switch (getHealth().getState()) {
            case REJECTED, UNKNOWN, AWAITING_RETRY -> getHealth().family() != null;
            default -> false;
        };
    }

    public boolean isForgettable() {
        return getHealth().family() != null && getHealth().getState() != HealthStatus.REQUESTING;
    }

    public boolean isAuthorizable() {
        return stored.credential().isAuthorizable();
    }

    /** Whether the credential stores the current token, so that no token is lost if the record is removed. */
    public boolean isStoredNewest() {
        TokenFamily family = getHealth().family();
        return family == null
                || family.tokens()
                        .current()
                        .equals(stored.credential().storedSecret().getPlainText());
    }

    @POST
    public HttpResponse doRenew() throws InterruptedException {
        try {
            requestToken();
            return redirectAfterRenewal();
        } catch (TokenUnavailableException e) {
            return showError(e);
        }
    }

    void requestToken() throws InterruptedException, TokenUnavailableException {
        checkUpdate(stored);
        AuditLog.get().logAction("renew", stored.location(), null);
        renew();
    }

    /**
     * Sends a token again that was rejected or has an unknown outcome.
     *
     * @param confirmed whether the user has selected the checkbox that explains the risk
     */
    @POST
    public HttpResponse doRetry(@QueryParameter boolean confirmed)
            throws IOException, InterruptedException, TokenUnavailableException {
        checkUpdate(stored);
        TokenFamily family = getHealth().family();
        if (!confirmed) {
            throw new Failure(Messages.TokenDetailPage_confirm());
        }
        if (family == null || !isRetriable()) {
            throw new Failure(Messages.TokenDetailPage_nothingToRetry());
        }
        AuditLog.get().logAction("retry", stored.location(), family.id());
        VcfTokenService.get().administration().allowRetry(family.id());
        try {
            renew();
            return redirectAfterRenewal();
        } catch (TokenUnavailableException e) {
            return showError(e);
        }
    }

    /**
     * Removes the record.
     *
     * @param confirmed whether the user has selected the checkbox that explains the consequences
     * @param loses whether the page has shown that the current token will be lost
     */
    @POST
    public HttpResponse doForget(@QueryParameter boolean confirmed, @QueryParameter boolean loses)
            throws IOException, InterruptedException, TokenUnavailableException {
        checkUpdate(stored);
        TokenFamily family = getHealth().family();
        if (!confirmed) {
            throw new Failure(Messages.TokenDetailPage_confirm());
        }
        if (family == null || !isForgettable()) {
            throw new Failure(Messages.TokenDetailPage_nothingToForget());
        }
        boolean isLossConfirmed = loses || isStoredNewest();
        if (!isLossConfirmed || !VcfTokenService.get().administration().forget(family)) {
            throw new Failure(Messages.TokenDetailPage_rotatedMeanwhile());
        }
        AuditLog.get().logAction("forget", stored.location(), family.id());
        HealthMonitorWork.get().refreshSoon();
        return HttpResponses.redirectTo("./#vcf-deleted");
    }

    private void renew() throws InterruptedException, TokenUnavailableException {
        try {
            VcfTokenService.get().renew(stored.credential());
        } finally {
            HealthMonitorWork.get().refreshSoon();
        }
    }

    private static HttpResponse redirectAfterRenewal() {
        return HttpResponses.redirectTo("./#vcf-renewed");
    }

    /** Responds with the page, which shows the error and the next step, and with status 400 for scripts. */
    private synchronized HttpResponse showError(TokenUnavailableException e) {
        error = e.getMessage();
        health = null;
        Stapler.getCurrentResponse2().setStatus(HttpServletResponse.SC_BAD_REQUEST);
        return HttpResponses.forwardToView(this, "index");
    }

    /** Redirects a GET of an action URL, for example after a reload, to the page. */
    @GET
    @WebMethod(name = {"renew", "retry", "forget"})
    public HttpResponse toPage() {
        return HttpResponses.redirectToDot();
    }

    /** @return null, for which Stapler responds with 404, if the account does not support the device flow */
    @CheckForNull
    public DeviceFlowPage getAuthorize() {
        return isAuthorizable() ? new DeviceFlowPage(stored) : null;
    }
}
