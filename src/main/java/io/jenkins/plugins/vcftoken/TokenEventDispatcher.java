package io.jenkins.plugins.vcftoken;

import hudson.ExtensionList;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Forwards events to all {@link VcfTokenListener}s. A listener that throws is logged and skipped. */
final class TokenEventDispatcher implements TokenEventListener {

    private static final Logger LOGGER = Logger.getLogger(TokenEventDispatcher.class.getName());

    private static void dispatch(Consumer<TokenEventListener> event) {
        try {
            for (VcfTokenListener listener : ExtensionList.lookup(VcfTokenListener.class)) {
                dispatch(listener, event);
            }
        } catch (IllegalStateException e) {
            LOGGER.log(Level.FINE, "Jenkins is shutting down", e);
        }
    }

    private static void dispatch(VcfTokenListener listener, Consumer<TokenEventListener> event) {
        try {
            event.accept(listener);
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> listener + " failed");
        }
    }

    @Override
    public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
        dispatch(listener -> listener.granted(handle, before, after, took));
    }

    @Override
    public void regenerated(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
        dispatch(listener -> listener.regenerated(handle, before, after, took));
    }

    @Override
    public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {
        dispatch(listener -> listener.failed(handle, after, cause, took));
    }

    @Override
    public void leaseOpened(TokenIssuedEvent event, Duration waited) {
        dispatch(listener -> listener.leaseOpened(event, waited));
    }

    @Override
    public void renewed(TokenIssuedEvent event) {
        dispatch(listener -> listener.renewed(event));
    }

    @Override
    public void leaseClosed(TokenIssuedEvent event) {
        dispatch(listener -> listener.leaseClosed(event));
    }

    @Override
    public void authorized(CredentialLocation location, TokenFamily record, String by) {
        dispatch(listener -> listener.authorized(location, record, by));
    }

    @Override
    public void denied(String owner, CredentialHandle handle, TokenUnavailableException cause) {
        dispatch(listener -> listener.denied(owner, handle, cause));
    }
}
