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

/** Updates the credential locations of token families when folders are renamed, moved or copied. */
@Extension
public final class CredentialMoveListener extends ItemListener {

    private static final Logger LOGGER = Logger.getLogger(CredentialMoveListener.class.getName());

    /** Jenkins also calls this for each descendant of a moved folder. */
    @Override
    public void onLocationChanged(Item item, String oldFullName, String newFullName) {
        bind(item, oldFullName, newFullName, TokenFamilyAdmin::moved);
    }

    /**
     * Jenkins also calls this for each descendant of a copied folder. The token in the copy may be replaced before the
     * copy is first used. Binding the family to the copy grants no new access: copying requires permission to read the
     * original with its secrets (<em>Item/Configure</em> where it has any), and with an up-to-date store, the copy
     * contains the current token.
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
