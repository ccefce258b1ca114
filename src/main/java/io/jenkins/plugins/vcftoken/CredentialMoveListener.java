package io.jenkins.plugins.vcftoken;

import hudson.Extension;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.listeners.ItemListener;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyAdmin;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.StoreContext;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Keeps token families bound to the folders that store their credentials when these are renamed, moved or copied. */
@Extension
public final class CredentialMoveListener extends ItemListener {

    private static final Logger LOGGER = Logger.getLogger(CredentialMoveListener.class.getName());

    /** Called for each folder below a moved one, too. */
    @Override
    public void onLocationChanged(Item item, String oldFullName, String newFullName) {
        bind(item, oldFullName, newFullName, TokenFamilyAdmin::moved);
    }

    /**
     * Called for each folder below a copied one, too. The token in the copy may already be replaced when the copy is used
     * first. Binding the family to the copy gives no new access: Jenkins copies only with permission to read the original
     * with its secrets (<em>Item/Configure</em> where it has any), and whenever the store is up to date, the copy has the
     * current token itself.
     */
    @Override
    public void onCopied(Item src, Item item) {
        bind(item, src.getFullName(), item.getFullName(), TokenFamilyAdmin::copied);
    }

    private interface Binding {
        void apply(TokenFamilyAdmin families, String fromContext, String toContext)
                throws IOException, InterruptedException;
    }

    private static void bind(Item item, String from, String to, Binding binding) {
        VcfTokenService tokens = VcfTokenService.get();
        if (!(item instanceof ItemGroup<?>) || !tokens.hasLedger()) {
            return;
        }
        try {
            binding.apply(tokens.administration(), StoreContext.folderName(from), StoreContext.folderName(to));
        } catch (IOException | TokenUnavailableException e) {
            LOGGER.log(
                    Level.WARNING, e, () -> "Some token records of folder " + from + " could not follow it to " + to);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
