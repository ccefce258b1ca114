package io.jenkins.plugins.vcftoken;

import hudson.Extension;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.listeners.ItemListener;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyAdmin;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Keeps families bound to the folders whose credentials they belong to, when these are renamed, moved or copied. */
@Extension
public final class CredentialMoveListener extends ItemListener {

    private static final Logger LOGGER = Logger.getLogger(CredentialMoveListener.class.getName());

    /** Called for each folder below a moved one, too. */
    @Override
    public void onLocationChanged(Item item, String oldFullName, String newFullName) {
        bind(item, oldFullName, newFullName, TokenFamilyAdmin::moved);
    }

    /**
     * Called for each folder below a copied one, too. Whose token is in the copy may be spent by the time the copy is
     * used, because the original has rotated it; or it was spent already, and the ledger alone has the newest. This opens
     * the living token to nobody new: Jenkins copies only for those who may read the original with its secrets
     * (<em>Item/Configure</em>, where its configuration holds any), and at any moment at which the store is up to date
     * the copy has the living token itself.
     */
    @Override
    public void onCopied(Item src, Item item) {
        bind(item, src.getFullName(), item.getFullName(), TokenFamilyAdmin::copied);
    }

    private interface Binding {
        void of(TokenFamilyAdmin families, String fromContext, String toContext)
                throws IOException, InterruptedException;
    }

    private static void bind(Item item, String from, String to, Binding binding) {
        VcfTokenService tokens = VcfTokenService.get();
        if (!(item instanceof ItemGroup<?>) || !tokens.hasLedger()) {
            return;
        }
        try {
            binding.of(
                    tokens.administration(),
                    CredentialLocator.folderContext(from),
                    CredentialLocator.folderContext(to));
        } catch (IOException | TokenUnavailableException e) {
            LOGGER.log(
                    Level.WARNING, e, () -> "Some token records of folder " + from + " could not follow it to " + to);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
