package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.AbstractItem;
import hudson.model.Action;
import hudson.model.Api;
import hudson.model.Failure;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.ModelObject;
import hudson.model.TransientUserActionFactory;
import hudson.model.User;
import hudson.security.AccessControlled;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialScanner;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import io.jenkins.plugins.vcftoken.store.StoreContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import jenkins.model.Jenkins;
import jenkins.model.TransientActionFactory;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.HttpResponses;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.StaplerResponse2;
import org.kohsuke.stapler.WebMethod;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;
import org.kohsuke.stapler.verb.GET;
import org.kohsuke.stapler.verb.POST;

/**
 * Page with the token states of one owner's credentials: the controller, a folder or a user. The page requires
 * permission to view credentials, and its actions require permission to update them. The page of the controller
 * includes folder credentials that the current user has permission to view, but no personal credentials. An instance
 * serves one request.
 */
@ExportedBean
public final class TokenListPage implements Action, StaplerProxy {

    static final String URL_NAME = "vcf-tokens";

    /** URL of the controller's page, relative to the Jenkins root. */
    static final String CONTROLLER_URL = "manage/" + URL_NAME + '/';

    /** Places the link below <em>Credentials</em>, which has the ordinal -1000. */
    private static final double BELOW_CREDENTIALS = -1001;

    private final ModelObject context;

    @CheckForNull
    private CredentialHealthEvaluator check;

    @CheckForNull
    private List<CredentialHealth> credentials;

    /** @param context owner of the credentials, which checks permissions */
    TokenListPage(ModelObject context) {
        this.context = context;
    }

    /** URL of an owner's page, relative to the Jenkins root. */
    static String url(ModelObject owner) {
        if (owner instanceof Item item) {
            return item.getUrl() + URL_NAME + '/';
        }
        return owner instanceof User user ? user.getUrl() + '/' + URL_NAME + '/' : CONTROLLER_URL;
    }

    /** Checks the permission for this page and all pages and actions below it. */
    @Override
    public Object getTarget() {
        ((AccessControlled) context).checkPermission(CredentialsProvider.VIEW);
        if (context instanceof User) {
            // The background check excludes personal credentials.
            HealthMonitorWork.get()
                    .expiryCache()
                    .refreshSoon(
                            CredentialScanner.visibleIn(context),
                            VcfTokenService.get().clock().instant());
        }
        return this;
    }

    public Api getApi() {
        return new Api(this);
    }

    /** @return null, which hides the link, if there are no credentials that the current user can view */
    @CheckForNull
    @Override
    public String getIconFileName() {
        return CredentialScanner.visibleIn(context).isEmpty() ? null : "symbol-key";
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return Messages.TokenListPage_displayName();
    }

    @NonNull
    @Override
    public String getUrlName() {
        return URL_NAME;
    }

    public boolean isOfController() {
        return context instanceof Jenkins;
    }

    /** Credentials that the current user has permission to view, highest severity first. */
    @Exported(inline = true)
    public List<CredentialHealth> getCredentials() {
        if (credentials == null) {
            List<LocatedCredential> stored =
                    isOfController() ? CredentialScanner.visible() : CredentialScanner.visibleIn(context);
            credentials = stored.stream()
                    .map(check()::assess)
                    .sorted(Comparator.comparing(CredentialHealth::severity)
                            .thenComparing(CredentialHealth::getId, String.CASE_INSENSITIVE_ORDER))
                    .toList();
        }
        return credentials;
    }

    /** Number of credentials in total and per severity, for example "62 credentials · 3 need attention". */
    public String getTotals() {
        List<String> totals = new ArrayList<>();
        totals.add(Messages.TokenListPage_total(getCredentials().size()));
        addTotal(totals, CredentialHealth.Severity.BROKEN, count -> Messages.TokenListPage_broken(count));
        addTotal(totals, CredentialHealth.Severity.FAILING, count -> Messages.TokenListPage_failing(count));
        addTotal(totals, CredentialHealth.Severity.EXPIRING, count -> Messages.TokenListPage_expiring(count));
        return String.join(" · ", totals);
    }

    private void addTotal(List<String> totals, CredentialHealth.Severity severity, Function<Object, String> text) {
        long count = getCredentials().stream()
                .filter(health -> health.severity() == severity)
                .count();
        if (count > 0) {
            totals.add(text.apply(count));
        }
    }

    /** Whether any state on the page changes within seconds. */
    public boolean isBusy() {
        return getCredentials().stream().anyMatch(health -> health.getState().isTransient());
    }

    /** URL of this page, relative to the Jenkins root. */
    public String getUrl() {
        return url(context);
    }

    /** URL of the form for new credentials; null if the current user has no permission to create one. */
    @CheckForNull
    public String getAddUrl() {
        return new StoreContext(context)
                .stores().stream()
                        .filter(store -> store.hasPermission(CredentialsProvider.CREATE))
                        .map(store -> store.getRelativeLinkTo(Domain.global()))
                        .filter(Objects::nonNull)
                        .map(domain -> domain + "newCredentials")
                        .findFirst()
                        .orElse(null);
    }

    @GET
    @WebMethod(name = "credentials.csv")
    public void doCsv(StaplerResponse2 response) throws IOException {
        response.setContentType("text/csv;charset=UTF-8");
        response.setHeader("Content-Disposition", "attachment; filename=\"vcf-tokens.csv\"");
        response.getWriter().print(CredentialsCsv.of(getCredentials()));
    }

    /** @return null, for which Stapler responds with 404, if the current user cannot view such a credential here */
    @CheckForNull
    public TokenDetailPage getCredential(String id) {
        return CredentialScanner.visibleIn(context).stream()
                .filter(stored -> stored.location().credentialsId().equals(id))
                .findFirst()
                .map(TokenDetailPage::new)
                .orElse(null);
    }

    /** Records without a credential; empty if the current user is not an administrator. */
    @Exported(inline = true)
    public List<OrphanedRecord> getOrphans() {
        return isForAdministrator() ? check().findOrphans() : List.of();
    }

    /** Unreadable records as "file: reason"; empty if the current user is not an administrator. */
    @Exported
    public List<String> getUnreadable() {
        return isForAdministrator()
                ? check().unreadable().stream()
                        .map(record -> record.file() + ": " + record.cause())
                        .toList()
                : List.of();
    }

    private boolean isForAdministrator() {
        return isOfController() && Jenkins.get().hasPermission(Jenkins.ADMINISTER);
    }

    /**
     * Removes a record without a credential.
     *
     * @param record file name without {@code .json}
     * @param confirmed whether the user has selected the checkbox that explains the consequences
     */
    @POST
    public HttpResponse doForget(@QueryParameter String record, @QueryParameter boolean confirmed)
            throws IOException, InterruptedException, TokenUnavailableException {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        if (!confirmed) {
            throw new Failure(Messages.TokenDetailPage_confirm());
        }
        if (getOrphans().stream().noneMatch(orphan -> orphan.getRecord().equals(record))) {
            throw new Failure(Messages.TokenListPage_noOrphan());
        }
        AuditLog.get().logAction("forget", null, record);
        VcfTokenService.get().administration().forget(record);
        HealthMonitorWork.get().refreshSoon();
        return HttpResponses.redirectToDot();
    }

    /** Redirects a GET of an action URL, for example after a reload, to the page. */
    @GET
    @WebMethod(name = "forget")
    public HttpResponse toPage() {
        return HttpResponses.redirectToDot();
    }

    private synchronized CredentialHealthEvaluator check() {
        if (check == null) {
            try {
                check = CredentialHealthEvaluator.start();
            } catch (TokenUnavailableException e) {
                throw new Failure(e.getMessage());
            }
        }
        return check;
    }

    /** Adds the page to all types of folders. */
    @Extension(ordinal = BELOW_CREDENTIALS)
    public static final class FolderAction extends TransientActionFactory<AbstractItem> {

        @Override
        public Class<AbstractItem> type() {
            return AbstractItem.class;
        }

        @NonNull
        @Override
        public Collection<? extends Action> createFor(@NonNull AbstractItem target) {
            return target instanceof ItemGroup<?> ? List.of(new TokenListPage(target)) : List.of();
        }
    }

    /** Adds the page to the current user's page. Other users, including administrators, receive 404. */
    @Extension(ordinal = BELOW_CREDENTIALS)
    public static final class UserAction extends TransientUserActionFactory {

        @Override
        public Collection<? extends Action> createFor(User target) {
            return target.equals(User.current()) ? List.of(new TokenListPage(target)) : List.of();
        }
    }
}
