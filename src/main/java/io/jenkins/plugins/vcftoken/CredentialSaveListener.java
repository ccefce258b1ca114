package io.jenkins.plugins.vcftoken;

import hudson.Extension;
import hudson.XmlFile;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;

/**
 * Lets open blocks hear of a secret that was stored, by a form, a file or a script, without waiting for the next renewal.
 * Called on the thread that saves, which may hold the store's lock: so the store is looked into on another one.
 */
@Extension
public final class CredentialSaveListener extends SaveableListener {

    @Override
    public void onChange(Saveable saved, XmlFile file) {
        String context = CredentialLocator.contextOf(saved);
        if (context != null) {
            VcfTokenService.get().renewChanged(location -> location.context().equals(context));
        }
    }
}
