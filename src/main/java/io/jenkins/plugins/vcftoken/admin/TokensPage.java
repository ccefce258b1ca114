package io.jenkins.plugins.vcftoken.admin;

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
import io.jenkins.plugins.vcftoken.audit.AuditLog;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Unreadable;
import io.jenkins.plugins.vcftoken.store.StoredCredential;
import io.jenkins.plugins.vcftoken.store.StoredCredentials;
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
public final class TokensPage implements Action, StaplerProxy {

    static final String URL_NAME = "vcf-tokens";

    private final ModelObject context;

    /** For one request. */
    @CheckForNull
    private Checkup checkup;

    /** @param context owns the credentials; controls access to them */
    TokensPage(ModelObject context) {
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
            TokenWatch.get()
                    .expiries()
                    .askSoon(
                            StoredCredentials.visibleIn(context),
                            VcfTokens.get().clock().instant());
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
        return StoredCredentials.visibleIn(context).isEmpty() ? null : "symbol-key";
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return Messages.TokensPage_displayName();
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
    public List<TokenHealth> getCredentials() {
        List<StoredCredential> stored =
                isOfController() ? StoredCredentials.visible() : StoredCredentials.visibleIn(context);
        return stored.stream().map(checkup()::of).toList();
    }

    /** @return null, which Jenkins answers with 404, when there is no such credential, or nobody may know */
    @CheckForNull
    public TokenPage getCredential(String id) {
        return StoredCredentials.visibleIn(context).stream()
                .filter(stored -> stored.place().credentialsId().equals(id))
                .findFirst()
                .map(TokenPage::new)
                .orElse(null);
    }

    /** Records without a credential; none for who is not an administrator. */
    @Exported(inline = true)
    public List<Orphan> getOrphans() {
        return isForAdministrator() ? checkup().orphans() : List.of();
    }

    /** Records that cannot be read, as "file: reason"; none for who is not an administrator. */
    @Exported
    public List<String> getUnreadable() {
        return isForAdministrator()
                ? checkup().unreadable().stream().map(TokensPage::words).toList()
                : List.of();
    }

    private static String words(Unreadable record) {
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
            throws IOException, InterruptedException, FamilyException {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        if (!confirmed) {
            throw new Failure(Messages.TokenPage_confirm());
        }
        if (!isOfController()
                || checkup().orphans().stream()
                        .noneMatch(orphan -> orphan.getRecord().equals(record))) {
            throw new Failure(Messages.TokensPage_noOrphan());
        }
        AuditLog.get().acted("forget", null, record);
        VcfTokens.get().administration().forget(record);
        TokenWatch.get().lookSoon();
        return HttpResponses.redirectToDot();
    }

    /** For who opens the address of what was posted. */
    @GET
    @WebMethod(name = "forget")
    public HttpResponse toPage() {
        return HttpResponses.redirectToDot();
    }

    private synchronized Checkup checkup() {
        if (checkup == null) {
            try {
                checkup = Checkup.make();
            } catch (FamilyException e) {
                throw new Failure(e.getMessage());
            }
        }
        return checkup;
    }
}
