package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenError;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Makes the controllers that share a {@link VersionedSecret} send each token once: a controller claims the token before
 * it sends it, and publishes the result afterwards, each time replacing the very version that it has read. All methods
 * are called under the family's lock, and do nothing for credentials without a {@link VersionedSecret}.
 */
final class TokenClaims {

    private static final Logger LOGGER = Logger.getLogger(TokenClaims.class.getName());

    /** Others change the same object, its labels for example. */
    private static final int TRIES = 5;

    /** Of an access token that another controller may have, where none was published that tells. */
    private static final Duration ASSUMED_LIFETIME = Duration.ofHours(1);

    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration timeout;
    private final String controller;

    /** @param timeout how long a claim stands; twice the longest request */
    TokenClaims(TokenHash hashes, InstantSource clock, Duration timeout) {
        this.hashes = hashes;
        this.clock = clock;
        this.timeout = timeout;
        // The same after a restart, and another one for a controller with another home.
        this.controller = TokenHash.brief(hashes.hash("controller"));
    }

    /** What the store has, compared with the ledger. */
    enum Finding {
        /** Nothing that this controller would not know, or what it has just taken over. */
        KNOWN,
        /** The same, without reading the store, which may have another content by now. */
        REMEMBERED,
        /** A token that this family has replaced. */
        BEHIND,
        /** The current token of another family. */
        OTHER_FAMILY,
        /** A claim of another controller. */
        CLAIMED
    }

    /**
     * A family, as the ledger and the store together have it.
     *
     * @param secret null for a credential without one; then the family is that of the ledger
     * @param content null when the store could not be read
     * @param state null when the store could not be read
     * @param failure why the store could not be read, or the token not be claimed; null when nothing failed
     */
    record View(
            TokenFamily family,
            @CheckForNull VersionedSecret secret,
            @CheckForNull VersionedSecret.Content content,
            @CheckForNull SharedTokenState state,
            Finding finding,
            @CheckForNull IOException failure) {

        private static View withoutStore(
                TokenFamily family, @CheckForNull VersionedSecret secret, @CheckForNull IOException failure) {
            return new View(family, secret, null, null, Finding.KNOWN, failure);
        }

        private View with(TokenFamily other) {
            return new View(other, secret, content, state, finding, failure);
        }

        private View failed(IOException e) {
            return new View(family, secret, content, state, finding, e);
        }

        /** The current token of another family that the store has instead; null while it has one of this family. */
        @CheckForNull
        String otherToken() {
            return finding == Finding.OTHER_FAMILY
                    ? Objects.requireNonNull(state).family().tokens().current()
                    : null;
        }

        /** When the claim of another controller ends; null when there is none. */
        @CheckForNull
        Instant claimedUntil() {
            return finding == Finding.CLAIMED ? Objects.requireNonNull(state).deadline() : null;
        }

        /** Why the token may not be sent. Called after a failure. */
        String notClaimed() {
            return "the refresh token could not be claimed in "
                    + Objects.requireNonNull(secret).description() + " ("
                    + Objects.requireNonNull(failure).getMessage() + ')';
        }

        @Override
        public String toString() {
            return "View[" + family + "]";
        }
    }

    /**
     * Takes over what other controllers have published. A store that had nothing new when it was last seen is not read
     * before the token is sent: if another controller has changed it since, the claim fails.
     *
     * @param rotates whether the request is one that replaces the token in any case
     * @param isOutdated whether the content that was last seen may have been replaced since
     */
    View read(CredentialHandle handle, TokenFamily local, boolean rotates, boolean isOutdated) {
        VersionedSecret secret = rotates || TokenFamilyStore.isDurable(local, handle)
                ? handle.writer().versionedSecret()
                : null;
        if (secret == null) {
            // A secret that never rotates needs no claim, either.
            return View.withoutStore(local, null, null);
        }
        View remembered = isOutdated ? null : findRemembered(secret, local);
        if (remembered != null) {
            return remembered;
        }
        try {
            VersionedSecret.Content content = secret.read();
            SharedTokenState state = SharedTokenState.of(content, local.account(), clock.instant());
            return compared(local, secret, content, state);
        } catch (IOException e) {
            return View.withoutStore(local, secret, e);
        }
    }

    /** Null where the store has to be read. */
    @CheckForNull
    private View findRemembered(VersionedSecret secret, TokenFamily local) {
        VersionedSecret.Content known = secret.lastKnown();
        if (known == null || !isSendable(local)) {
            return null;
        }
        try {
            SharedTokenState state = SharedTokenState.of(known, local.account(), clock.instant());
            return isOwn(local, state) ? new View(local, secret, known, state, Finding.REMEMBERED, null) : null;
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> secret.description() + ": what is known of it cannot be used");
            return null;
        }
    }

    /** Otherwise another controller or a person may have repaired it. */
    private static boolean isSendable(TokenFamily local) {
        return local.state() == TokenFamily.Status.READY && local.notBefore() == null;
    }

    /** Whether the last change was the publication of this family by this controller. */
    private static boolean isOwn(TokenFamily local, SharedTokenState state) {
        String revision = state.revision();
        return state.deadline() == null
                && revision != null
                && revision.equals(local.sharedRevision())
                && state.family().tokens().current().equals(local.tokens().current());
    }

    private View compared(
            TokenFamily local, VersionedSecret secret, VersionedSecret.Content content, SharedTokenState state) {
        TokenFamily theirs = state.family();
        String seen = local.sharedRevision();
        boolean isSameToken = theirs.tokens().current().equals(local.tokens().current());
        boolean isAhead = state.hasReplaced(local.tokens().current());
        boolean isBehind = !isSameToken && !isAhead && isFormer(local, theirs);
        if (!isSameToken && !isAhead && !isBehind) {
            return new View(local, secret, content, state, Finding.OTHER_FAMILY, null);
        }
        if (isBehind) {
            return new View(local, secret, content, state, Finding.BEHIND, null);
        }
        if (isSameToken && Objects.equals(seen, state.revision())) {
            return new View(local, secret, content, state, Finding.KNOWN, null);
        }
        Instant deadline = state.deadline();
        if (deadline != null && clock.instant().isBefore(deadline)) {
            // The claim stays news, so that its end is noticed.
            TokenFamily usable = local.adopting(theirs, TokenFamily.Status.READY, seen, hashes);
            return new View(usable, secret, content, state, Finding.CLAIMED, null);
        }
        TokenFamily adopted = local.adopting(theirs, theirs.state(), state.revision(), hashes);
        if (deadline != null) {
            // That controller may have a response that it could not publish, with an access token that its builds use.
            AccessToken last = theirs.accessToken();
            adopted = adopted.waitingUntil(theirs.changed().plus(last == null ? ASSUMED_LIFETIME : last.lifetime()));
        }
        return new View(adopted, secret, content, state, Finding.KNOWN, null);
    }

    private boolean isFormer(TokenFamily local, TokenFamily theirs) {
        return local.tokens().isFormer(hashes.ofToken(theirs.tokens().current()));
    }

    /** Waits until the claim of another controller may have ended. Interruptible. */
    void awaitOther(View view) throws InterruptedException {
        Duration left = Duration.between(clock.instant(), Objects.requireNonNull(view.claimedUntil()));
        // The claim may have ended since the view was made.
        if (!left.isNegative()) {
            Objects.requireNonNull(view.secret()).awaitChange(Objects.requireNonNull(view.content()), left);
        }
    }

    /**
     * Claims the token that is about to be sent.
     *
     * @param requesting the view's, as it is when the token is sent
     * @return the view with the claim, or with the failure of it; null when the store has changed or may have, so that it
     *     must be read
     */
    @CheckForNull
    View claim(View view, TokenFamily requesting) {
        View current = view.with(requesting);
        VersionedSecret secret = view.secret();
        if (secret == null || view.failure() != null) {
            return current;
        }
        Instant now = clock.instant();
        String revision = UUID.randomUUID().toString();
        SharedTokenState claimed =
                Objects.requireNonNull(view.state()).with(requesting, revision, controller, now.plus(timeout));
        try {
            Optional<VersionedSecret.Content> written =
                    replace(secret, Objects.requireNonNull(view.content()), claimed);
            return written.isEmpty()
                    ? null
                    : new View(requesting.seen(revision), secret, written.get(), claimed, Finding.KNOWN, null);
        } catch (IOException e) {
            return view.finding() == Finding.REMEMBERED ? null : current.failed(e);
        }
    }

    /**
     * Whether the token may be sent with this view: it is claimed, or not shared. A store that refuses all changes of this
     * controller is like each other read-only store as long as no other controller has claimed a token in it; while a
     * store cannot be reached, another controller may be sending the token.
     */
    boolean isSendable(View claim) {
        SharedTokenState state = claim.state();
        return claim.failure() == null
                || (claim.failure() instanceof VersionedSecret.ReadOnlyException
                        && state != null
                        && state.isUnknownToOthersThan(controller));
    }

    /**
     * Prevents that a token is sent when its claim may end before the response: this thread may have been suspended
     * since.
     */
    void checkStands(View claim) throws TokenRequestException.NotSent {
        SharedTokenState state = claim.failure() == null ? claim.state() : null;
        Instant deadline = state == null ? null : state.deadline();
        if (deadline != null && clock.instant().plus(timeout.dividedBy(2)).isAfter(deadline)) {
            throw new TokenRequestException.NotSent(
                    TokenError.UNREACHABLE, "saving the request took too long, so its claim is no longer safe", null);
        }
    }

    /**
     * Publishes the result of a claimed request. Called when the ledger has it.
     *
     * @return false when the store could not be written, so that it must be tried again
     */
    boolean publish(View claim, TokenFamily family) {
        VersionedSecret secret = claim.secret();
        if (secret == null || claim.failure() instanceof VersionedSecret.ReadOnlyException) {
            return true;
        }
        try {
            publish(secret, claim, family);
            return true;
        } catch (IOException e) {
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> secret.description() + ": the result of a token request could not be published. The "
                            + "ledger has it, builds go on, and the next use tries again");
            return false;
        }
    }

    private void publish(VersionedSecret secret, View claim, TokenFamily family) throws IOException {
        VersionedSecret.Content content = claim.content();
        SharedTokenState state = claim.state();
        for (int i = 0; i < TRIES; i++) {
            if (content == null || state == null) {
                content = secret.read();
                state = SharedTokenState.of(content, family.account(), clock.instant());
                if (!isPublishable(secret, state, family)) {
                    return;
                }
            }
            String revision = family.sharedRevision();
            if (replace(secret, content, state.with(family, revision, controller, null))
                    .isPresent()) {
                return;
            }
            content = null;
        }
        throw new IOException("it changes each time it is to be written");
    }

    private boolean isPublishable(VersionedSecret secret, SharedTokenState state, TokenFamily family) {
        if (isFormer(family, state.family())
                && !state.hasReplaced(family.tokens().current())) {
            return true;
        }
        if (state.family().tokens().current().equals(family.tokens().current())) {
            // With another revision, another controller continues with this token.
            return Objects.equals(state.revision(), family.sharedRevision());
        }
        if (state.revision() == null) {
            LOGGER.log(
                    Level.INFO, "{0}: another secret was stored there, and is used from now on", secret.description());
        } else if (!state.hasReplaced(family.tokens().current())) {
            LOGGER.log(
                    Level.SEVERE,
                    "{0}: it has a token that another controller got for the same account, so one of the two no longer "
                            + "works. The ledger of this controller keeps its own. If requests are refused from now on, "
                            + "authorize the account again",
                    secret.description());
        }
        return false;
    }

    /**
     * Writes the ledger's token to a store that has an older one, or a former one that a file restored.
     *
     * @return the family; with the revision under which the store has it
     * @throws IOException when the store could not be read or written
     */
    TokenFamily writeBack(CredentialHandle handle, TokenFamily family) throws IOException {
        View view = read(handle, family, false, true);
        IOException failure = view.failure();
        if (failure != null) {
            throw failure;
        }
        VersionedSecret secret = view.secret();
        if (secret == null || view.otherToken() != null) {
            return family;
        }
        VersionedSecret.Content content = Objects.requireNonNull(view.content());
        SharedTokenState state = Objects.requireNonNull(view.state());
        boolean isOwn = Objects.equals(state.revision(), family.sharedRevision());
        boolean isRestored = !content.secret().equals(state.family().tokens().current());
        boolean isUnpublished = isOwn && (isRestored || state.deadline() != null);
        if (view.finding() != Finding.BEHIND && !isUnpublished) {
            return family;
        }
        TokenFamily named =
                family.sharedRevision() == null ? family.seen(UUID.randomUUID().toString()) : family;
        publish(secret, view, named);
        return named;
    }

    /** A store that wrote although its answer was lost, perhaps to a repetition, has what was to be written. */
    private static Optional<VersionedSecret.Content> replace(
            VersionedSecret secret, VersionedSecret.Content expected, SharedTokenState state) throws IOException {
        String text = state.write(secret.acceptsAccessTokens());
        IOException failure = null;
        try {
            Optional<VersionedSecret.Content> written =
                    secret.replace(expected, state.family().tokens().current(), text);
            if (written.isPresent()) {
                return written;
            }
        } catch (VersionedSecret.ReadOnlyException e) {
            throw e;
        } catch (IOException e) {
            failure = e;
        }
        try {
            VersionedSecret.Content now = secret.read();
            if (text.equals(now.state())) {
                return Optional.of(now);
            }
        } catch (IOException e) {
            failure = failure == null ? e : failure;
        }
        if (failure != null) {
            throw failure;
        }
        return Optional.empty();
    }
}
