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

/** Shows the tokens of one credential, with the actions on them. */
public final class TokenDetailPage implements ModelObject, StaplerProxy {

    private final LocatedCredential stored;

    /** Of the current request. */
    @CheckForNull
    private CredentialHealth health;

    @CheckForNull
    private List<CredentialUse> uses;

    @CheckForNull
    private String error;

    TokenDetailPage(LocatedCredential stored) {
        this.stored = stored;
    }

    /**
     * Whether the current user may act on the tokens: with the permission to update the credential; or, because a
     * read-only store grants that to no user, to update credentials of the store's owner. Personal stores grant it to
     * their user alone, while administrators have all permissions on the user.
     */
    static boolean mayUpdate(LocatedCredential stored) {
        ModelObject owner = stored.store().getContext();
        return stored.store().hasPermission(CredentialsProvider.UPDATE)
                || (owner instanceof AccessControlled controlled
                        && !(owner instanceof User)
                        && controlled.hasPermission(CredentialsProvider.UPDATE));
    }

    static void checkUpdate(LocatedCredential stored) {
        if (!mayUpdate(stored)) {
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
                health = HealthCheck.start().assess(stored);
            } catch (TokenUnavailableException e) {
                throw new Failure(e.getMessage());
            }
        }
        return health;
    }

    /** The jobs that have used the credential, the latest first. */
    public synchronized List<CredentialUse> getUses() {
        if (uses == null) {
            uses = CredentialUse.find(stored.credential());
        }
        return uses;
    }

    /** The last events since the start of Jenkins, the newest first. */
    public List<RecentEvents.Event> getEvents() {
        return RecentEvents.get().find(stored.location());
    }

    /** A Pipeline that uses the credential. */
    public String getSnippet() {
        return snippet(stored);
    }

    static String snippet(LocatedCredential stored) {
        String id = stored.credential().getId().replace("\\", "\\\\").replace("'", "\\'");
        return "withVcfToken(credentialsId: '" + id + "') {\n    sh './deploy.sh' // reads VCF_TOKEN and VCF_URL\n}";
    }

    /** Why the action that this page answers got no access token. */
    @CheckForNull
    public String getError() {
        return error;
    }

    /** Whether the state changes within seconds. */
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

    /** Whether the credential stores the current token, so that removing the record loses no token. */
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
            return renewed();
        } catch (TokenUnavailableException e) {
            return notRenewed(e);
        }
    }

    /** Requests an access token now, for the page and for the CLI. */
    void requestToken() throws InterruptedException, TokenUnavailableException {
        checkUpdate(stored);
        AuditLog.get().acted("renew", stored.location(), null);
        renew();
    }

    /**
     * Sends the token of a family that is rejected, or has an unknown outcome, once more.
     *
     * @param confirmed whether the user has ticked the box that explains the risk
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
        AuditLog.get().acted("retry", stored.location(), family.id());
        VcfTokenService.get().administration().allowRetry(family.id());
        try {
            renew();
            return renewed();
        } catch (TokenUnavailableException e) {
            return notRenewed(e);
        }
    }

    /**
     * Removes the record.
     *
     * @param confirmed whether the user has ticked the box that explains the loss
     * @param loses whether the page has said that the current token is lost with the record
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
        boolean isAsSeen = loses || isStoredNewest();
        if (!isAsSeen || !VcfTokenService.get().administration().forget(family)) {
            throw new Failure(Messages.TokenDetailPage_rotatedMeanwhile());
        }
        AuditLog.get().acted("forget", stored.location(), family.id());
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

    private static HttpResponse renewed() {
        return HttpResponses.redirectTo("./#vcf-renewed");
    }

    /** Answers with the page, which shows the error and the next step, and with status 400 for scripts. */
    private synchronized HttpResponse notRenewed(TokenUnavailableException e) {
        error = e.getMessage();
        health = null;
        Stapler.getCurrentResponse2().setStatus(HttpServletResponse.SC_BAD_REQUEST);
        return HttpResponses.forwardToView(this, "index");
    }

    /** Answers a GET of an action's address, for example a reload, with the page. */
    @GET
    @WebMethod(name = {"renew", "retry", "forget"})
    public HttpResponse toPage() {
        return HttpResponses.redirectToDot();
    }

    /** @return null, which Stapler answers with 404, where the account cannot be authorized in a browser */
    @CheckForNull
    public DeviceFlowPage getAuthorize() {
        return isAuthorizable() ? new DeviceFlowPage(stored) : null;
    }
}
