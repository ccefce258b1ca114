package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.model.Action;
import hudson.model.Api;
import hudson.model.Failure;
import hudson.model.Item;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.AccessControlled;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.rotation.UnreadableRecord;
import io.jenkins.plugins.vcftoken.store.CredentialScanner;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import java.io.IOException;
import java.util.List;
import jenkins.model.Jenkins;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.HttpResponses;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.WebMethod;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;
import org.kohsuke.stapler.verb.GET;
import org.kohsuke.stapler.verb.POST;

/**
 * How the tokens of one owner's credentials are: the controller's, a folder's or a user's. Who may see the credentials
 * may see this; each action on a credential asks for the right to update it. The controller's page lists those of
 * folders as well, as far as they may be seen, but never a user's own.
 */
@ExportedBean
public final class TokenListPage implements Action, StaplerProxy {

    static final String URL_NAME = "vcf-tokens";

    private final ModelObject context;

    /** For one request. */
    @CheckForNull
    private HealthCheck checkup;

    /** @param context owns the credentials; controls access to them */
    TokenListPage(ModelObject context) {
        this.context = context;
    }

    /** The controller's page, from the root of this Jenkins. */
    static String controller() {
        return "manage/" + URL_NAME + '/';
    }

    /** Of an owner's page, from the root of this Jenkins. */
    static String url(ModelObject owner) {
        if (owner instanceof Item item) {
            return item.getUrl() + URL_NAME + '/';
        }
        return owner instanceof User user ? user.getUrl() + '/' + URL_NAME + '/' : controller();
    }

    /** Nobody gets further, to a view or to a credential, without the right to see the credentials here. */
    @Override
    public Object getTarget() {
        ((AccessControlled) context).checkPermission(CredentialsProvider.VIEW);
        if (context instanceof User) {
            // The watch leaves personal credentials alone.
            HealthMonitorWork.get()
                    .expiries()
                    .askSoon(
                            CredentialScanner.visibleIn(context),
                            VcfTokenService.get().clock().instant());
        }
        return this;
    }

    public Api getApi() {
        return new Api(this);
    }

    /** Only where there is something to see. */
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

    /** Whether there may be credentials of several owners. */
    public boolean isOfController() {
        return context instanceof Jenkins;
    }

    /** As far as whoever asks may see them. */
    @Exported(inline = true)
    public List<CredentialHealth> getCredentials() {
        List<LocatedCredential> stored =
                isOfController() ? CredentialScanner.visible() : CredentialScanner.visibleIn(context);
        return stored.stream().map(checkup()::of).toList();
    }

    /** @return null, which Jenkins answers with 404, when there is no such credential, or nobody may know */
    @CheckForNull
    public TokenDetailPage getCredential(String id) {
        return CredentialScanner.visibleIn(context).stream()
                .filter(stored -> stored.location().credentialsId().equals(id))
                .findFirst()
                .map(TokenDetailPage::new)
                .orElse(null);
    }

    /** Records without a credential; none for who is not an administrator. */
    @Exported(inline = true)
    public List<OrphanedRecord> getOrphans() {
        return isForAdministrator() ? checkup().orphans() : List.of();
    }

    /** Records that cannot be read, as "file: reason"; none for who is not an administrator. */
    @Exported
    public List<String> getUnreadable() {
        return isForAdministrator()
                ? checkup().unreadable().stream().map(TokenListPage::words).toList()
                : List.of();
    }

    private static String words(UnreadableRecord record) {
        return record.where() + ": " + record.why();
    }

    private boolean isForAdministrator() {
        return isOfController() && Jenkins.get().hasPermission(Jenkins.ADMINISTER);
    }

    /**
     * Removes a record that no credential leads to.
     *
     * @param record as the page named it
     * @param confirmed whether a person has said so in so many words
     */
    @POST
    public HttpResponse doForget(@QueryParameter String record, @QueryParameter boolean confirmed)
            throws IOException, InterruptedException, TokenUnavailableException {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        if (!confirmed) {
            throw new Failure(Messages.TokenDetailPage_confirm());
        }
        if (!isOfController()
                || checkup().orphans().stream()
                        .noneMatch(orphan -> orphan.getRecord().equals(record))) {
            throw new Failure(Messages.TokenListPage_noOrphan());
        }
        AuditLog.get().acted("forget", null, record);
        VcfTokenService.get().administration().forget(record);
        HealthMonitorWork.get().lookSoon();
        return HttpResponses.redirectToDot();
    }

    /** For who opens the address of what was posted. */
    @GET
    @WebMethod(name = "forget")
    public HttpResponse toPage() {
        return HttpResponses.redirectToDot();
    }

    private synchronized HealthCheck checkup() {
        if (checkup == null) {
            try {
                checkup = HealthCheck.make();
            } catch (TokenUnavailableException e) {
                throw new Failure(e.getMessage());
            }
        }
        return checkup;
    }
}
