package io.jenkins.plugins.vcftoken.controller;

import hudson.Extension;
import hudson.XmlFile;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;

/**
 * Lets open blocks hear of a secret that was stored, by a form, a file or a script, without waiting for the next renewal.
 * Called on the thread that saves, which may hold the store's lock: so the store is looked into on another one.
 */
@Extension
public final class CredentialSaves extends SaveableListener {

    @Override
    public void onChange(Saveable saved, XmlFile file) {
        String context = CredentialHomes.contextOf(saved);
        if (context != null) {
            VcfTokens.get().renewChanged(place -> place.context().equals(context));
        }
    }
}
