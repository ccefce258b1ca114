package io.jenkins.plugins.vcftoken.controller;

import hudson.Extension;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.listeners.ItemListener;
import io.jenkins.plugins.vcftoken.family.FamilyAdministration;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Keeps families bound to the folders whose credentials they belong to, when these are renamed, moved or copied. */
@Extension
public final class FolderMoves extends ItemListener {

    private static final Logger LOGGER = Logger.getLogger(FolderMoves.class.getName());

    /** Called for each folder below a moved one, too. */
    @Override
    public void onLocationChanged(Item item, String oldFullName, String newFullName) {
        bind(item, oldFullName, newFullName, FamilyAdministration::moved);
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
        bind(item, src.getFullName(), item.getFullName(), FamilyAdministration::copied);
    }

    private interface Binding {
        void of(FamilyAdministration families, String fromContext, String toContext)
                throws IOException, InterruptedException;
    }

    private static void bind(Item item, String from, String to, Binding binding) {
        VcfTokens tokens = VcfTokens.get();
        if (!(item instanceof ItemGroup<?>) || !tokens.hasLedger()) {
            return;
        }
        try {
            binding.of(tokens.administration(), CredentialHomes.folderContext(from), CredentialHomes.folderContext(to));
        } catch (IOException | FamilyException e) {
            LOGGER.log(
                    Level.WARNING, e, () -> "Some token records of folder " + from + " could not follow it to " + to);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
