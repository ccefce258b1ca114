package io.jenkins.plugins.vcftoken;

import hudson.ExtensionList;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenListener;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/** All {@link VcfTokenListener}s. One that fails is skipped: whoever only watches must not cost a token. */
final class TokenEventDispatcher implements TokenListener {

    private static final Logger LOGGER = Logger.getLogger(TokenEventDispatcher.class.getName());

    private static void tell(Consumer<TokenListener> event) {
        try {
            for (VcfTokenListener observer : ExtensionList.lookup(VcfTokenListener.class)) {
                tell(observer, event);
            }
        } catch (IllegalStateException e) {
            LOGGER.log(Level.FINE, "Jenkins is going down", e);
        }
    }

    private static void tell(VcfTokenListener observer, Consumer<TokenListener> event) {
        try {
            event.accept(observer);
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> observer + " failed");
        }
    }

    @Override
    public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
        tell(observer -> observer.granted(handle, before, after, took));
    }

    @Override
    public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException why, Duration took) {
        tell(observer -> observer.failed(handle, after, why, took));
    }

    @Override
    public void leaseOpened(TokenIssuedEvent handout, Duration waited) {
        tell(observer -> observer.leaseOpened(handout, waited));
    }

    @Override
    public void renewed(TokenIssuedEvent handout) {
        tell(observer -> observer.renewed(handout));
    }

    @Override
    public void leaseClosed(TokenIssuedEvent handout) {
        tell(observer -> observer.leaseClosed(handout));
    }

    @Override
    public void authorized(CredentialLocation location, TokenFamily record, String by) {
        tell(observer -> observer.authorized(location, record, by));
    }

    @Override
    public void denied(String owner, CredentialHandle handle, TokenUnavailableException why) {
        tell(observer -> observer.denied(owner, handle, why));
    }
}
