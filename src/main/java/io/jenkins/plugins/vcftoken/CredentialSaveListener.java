package io.jenkins.plugins.vcftoken;

import hudson.Extension;
import hudson.XmlFile;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import io.jenkins.plugins.vcftoken.store.StoreContext;

/**
 * Renews the access token of open blocks after their stored secret was changed by a form, configuration file or script.
 * The calling thread may hold the lock of the store, so the store is read on another thread.
 */
@Extension
public final class CredentialSaveListener extends SaveableListener {

    @Override
    public void onChange(Saveable saved, XmlFile file) {
        StoreContext context = StoreContext.savedWith(saved);
        if (context != null) {
            VcfTokenService.get().renewChanged(context);
        }
    }
}
