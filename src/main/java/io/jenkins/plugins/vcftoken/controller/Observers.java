package io.jenkins.plugins.vcftoken.controller;

import hudson.ExtensionList;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.Handout;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenListener;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/** All {@link TokenObserver}s. One that fails is skipped: whoever only watches must not cost a token. */
final class Observers implements TokenListener {

    private static final Logger LOGGER = Logger.getLogger(Observers.class.getName());

    private static void tell(Consumer<TokenListener> event) {
        try {
            for (TokenObserver observer : ExtensionList.lookup(TokenObserver.class)) {
                tell(observer, event);
            }
        } catch (IllegalStateException e) {
            LOGGER.log(Level.FINE, "Jenkins is going down", e);
        }
    }

    private static void tell(TokenObserver observer, Consumer<TokenListener> event) {
        try {
            event.accept(observer);
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> observer + " failed");
        }
    }

    @Override
    public void granted(Holder holder, FamilyRecord before, FamilyRecord after, Duration took) {
        tell(observer -> observer.granted(holder, before, after, took));
    }

    @Override
    public void failed(Holder holder, FamilyRecord after, ExchangeException why, Duration took) {
        tell(observer -> observer.failed(holder, after, why, took));
    }

    @Override
    public void gave(Handout handout, Duration waited) {
        tell(observer -> observer.gave(handout, waited));
    }

    @Override
    public void renewed(Handout handout) {
        tell(observer -> observer.renewed(handout));
    }

    @Override
    public void returned(Handout handout) {
        tell(observer -> observer.returned(handout));
    }

    @Override
    public void authorized(Place place, FamilyRecord record, String by) {
        tell(observer -> observer.authorized(place, record, by));
    }

    @Override
    public void denied(String tenant, Holder holder, FamilyException why) {
        tell(observer -> observer.denied(tenant, holder, why));
    }
}
