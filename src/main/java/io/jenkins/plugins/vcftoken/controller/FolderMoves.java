package io.jenkins.plugins.vcftoken.controller;

import hudson.Extension;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.listeners.ItemListener;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Keeps families bound to the folders whose credentials they belong to, when these are renamed or moved. */
@Extension
public final class FolderMoves extends ItemListener {

    private static final Logger LOGGER = Logger.getLogger(FolderMoves.class.getName());

    /** Called for each folder below a moved one, too. */
    @Override
    public void onLocationChanged(Item item, String oldFullName, String newFullName) {
        VcfTokens tokens = VcfTokens.get();
        if (!(item instanceof ItemGroup<?>) || !tokens.hasLedger()) {
            return;
        }
        try {
            tokens.administration()
                    .moved(CredentialHomes.folderContext(oldFullName), CredentialHomes.folderContext(newFullName));
        } catch (IOException | FamilyException e) {
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> "Token records of folder " + newFullName + " could not follow its move from " + oldFullName);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
