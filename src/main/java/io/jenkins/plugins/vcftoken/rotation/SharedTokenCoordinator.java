package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
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
 * Coordinates controllers that share a {@link VersionedSecret}, so that each token is sent once: a controller claims a
 * token before it sends it and publishes the result afterwards, each time with a compare-and-set of the version that it
 * has read. All methods are called under the family's lock, and do nothing for credentials without a
 * {@link VersionedSecret}.
 */
final class SharedTokenCoordinator {

    private static final Logger LOGGER = Logger.getLogger(SharedTokenCoordinator.class.getName());

    /** Other clients may change the same object, for example its labels. */
    private static final int MAX_ATTEMPTS = 5;

    /** Lifetime of an access token that another controller may have, if none was published. */
    private static final Duration ASSUMED_LIFETIME = Duration.ofHours(1);

    private final TokenHasher hashes;
    private final InstantSource clock;
    private final Duration timeout;
    private final String controller;

    /** @param timeout how long a claim is valid; twice the longest request */
    SharedTokenCoordinator(TokenHasher hashes, InstantSource clock, Duration timeout) {
        this.hashes = hashes;
        this.clock = clock;
        this.timeout = timeout;
        // Stable across restarts, and different for each home directory.
        this.controller = TokenHasher.brief(hashes.hash("controller"));
    }

    /** State of the store, compared with the ledger. */
    enum StoreStatus {
        /** The store has nothing newer than the view. */
        UP_TO_DATE,
        /** As {@link #UP_TO_DATE}, according to the last known content; the store may have changed since. */
        CACHED,
        /** The store has a token that this family has replaced. */
        OUTDATED,
        /** The store has the current token of another family. */
        OTHER_FAMILY,
        /** Another controller has claimed the token. */
        CLAIMED
    }

    /**
     * A family with the data of ledger and store.
     *
     * @param secret null for a credential without one; then the family is that of the ledger
     * @param content null when the store could not be read
     * @param state null when the store could not be read
     * @param failure of reading the store or claiming the token, or null
     */
    record View(
            TokenFamily family,
            @CheckForNull VersionedSecret secret,
            @CheckForNull VersionedSecret.Content content,
            @CheckForNull SharedTokenState state,
            StoreStatus status,
            @CheckForNull IOException failure) {

        private static View withoutStore(
                TokenFamily family, @CheckForNull VersionedSecret secret, @CheckForNull IOException failure) {
            return new View(family, secret, null, null, StoreStatus.UP_TO_DATE, failure);
        }

        private View with(TokenFamily other) {
            return new View(other, secret, content, state, status, failure);
        }

        private View failed(IOException e) {
            return new View(family, secret, content, state, status, e);
        }

        /** Current token of the other family in the store; null if the store has a token of this family. */
        @CheckForNull
        String otherToken() {
            return status == StoreStatus.OTHER_FAMILY
                    ? Objects.requireNonNull(state).family().tokens().current()
                    : null;
        }

        /** End of another controller's claim, or null. */
        @CheckForNull
        Instant claimedUntil() {
            return status == StoreStatus.CLAIMED ? Objects.requireNonNull(state).deadline() : null;
        }

        /** Error text; called after a failure. */
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
     * Adopts the published results of other controllers. The store is not read if its last known content has nothing
     * new: if another controller has changed it since, the claim fails.
     *
     * @param rotates whether the request always replaces the token
     * @param isOutdated whether the last known content must not be used
     */
    View read(CredentialHandle handle, TokenFamily local, boolean rotates, boolean isOutdated) {
        VersionedSecret secret = rotates || TokenFamilyStore.isDurable(local, handle)
                ? handle.writer().versionedSecret()
                : null;
        if (secret == null) {
            // A secret that never rotates needs no claim.
            return View.withoutStore(local, null, null);
        }
        View cached = isOutdated ? null : findCachedView(secret, local);
        if (cached != null) {
            return cached;
        }
        try {
            VersionedSecret.Content content = secret.read();
            SharedTokenState state = SharedTokenState.of(content, local.account(), clock.instant());
            return compared(local, secret, content, state);
        } catch (IOException e) {
            return View.withoutStore(local, secret, e);
        }
    }

    /** @return null when the store has to be read */
    @CheckForNull
    private View findCachedView(VersionedSecret secret, TokenFamily local) {
        VersionedSecret.Content known = secret.lastKnown();
        if (known == null || !isReadyWithoutDelay(local)) {
            return null;
        }
        try {
            SharedTokenState state = SharedTokenState.of(known, local.account(), clock.instant());
            return isOwn(local, state) ? new View(local, secret, known, state, StoreStatus.CACHED, null) : null;
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> secret.description() + ": its cached content is invalid");
            return null;
        }
    }

    /** In any other state another controller or a user may have repaired the family, so the store has to be read. */
    private static boolean isReadyWithoutDelay(TokenFamily local) {
        return local.state() == TokenFamily.Status.READY && local.notBefore() == null;
    }

    /** Whether the last change of the store was the publication of this family by this controller. */
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
        String ownRevision = local.sharedRevision();
        boolean isSameToken = theirs.tokens().current().equals(local.tokens().current());
        boolean isAhead = state.hasReplaced(local.tokens().current());
        boolean isBehind = !isSameToken && !isAhead && isFormer(local, theirs);
        if (!isSameToken && !isAhead && !isBehind) {
            return new View(local, secret, content, state, StoreStatus.OTHER_FAMILY, null);
        }
        if (isBehind) {
            return new View(local, secret, content, state, StoreStatus.OUTDATED, null);
        }
        if (isSameToken && Objects.equals(ownRevision, state.revision())) {
            return new View(local, secret, content, state, StoreStatus.UP_TO_DATE, null);
        }
        Instant deadline = state.deadline();
        if (deadline != null && clock.instant().isBefore(deadline)) {
            // Keeps the revision, so that the end of the claim is noticed.
            TokenFamily usable = local.adopting(theirs, TokenFamily.Status.READY, ownRevision, hashes);
            return new View(usable, secret, content, state, StoreStatus.CLAIMED, null);
        }
        TokenFamily adopted = local.adopting(theirs, theirs.state(), state.revision(), hashes);
        if (deadline != null) {
            // That controller may have an unpublished response with an access token that its builds use.
            AccessToken last = theirs.accessToken();
            adopted = adopted.withNotBefore(theirs.changed().plus(last == null ? ASSUMED_LIFETIME : last.lifetime()));
        }
        return new View(adopted, secret, content, state, StoreStatus.UP_TO_DATE, null);
    }

    private boolean isFormer(TokenFamily local, TokenFamily theirs) {
        return local.tokens().isFormer(hashes.ofToken(theirs.tokens().current()));
    }

    /** Waits until another controller's claim may have ended. */
    void awaitClaimEnd(View view) throws InterruptedException {
        Duration left = Duration.between(clock.instant(), Objects.requireNonNull(view.claimedUntil()));
        // The claim may have ended since the view was made.
        if (!left.isNegative()) {
            Objects.requireNonNull(view.secret()).awaitChange(Objects.requireNonNull(view.content()), left);
        }
    }

    /**
     * Claims the token that is about to be sent.
     *
     * @param requesting the family to save before the request
     * @return the view with the claim or its failure; null when the store may have changed and must be read again
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
                    : new View(
                            requesting.withSharedRevision(revision),
                            secret,
                            written.get(),
                            claimed,
                            StoreStatus.UP_TO_DATE,
                            null);
        } catch (IOException e) {
            return view.status() == StoreStatus.CACHED ? null : current.failed(e);
        }
    }

    /**
     * Whether the token is claimed, or not shared, so that it may be sent. A store that this controller may not write
     * is treated as not shared while no other controller has claimed a token in it. While a store cannot be reached,
     * another controller may be sending the token.
     */
    boolean isSendable(View claim) {
        SharedTokenState state = claim.state();
        return claim.failure() == null
                || (claim.failure() instanceof VersionedSecret.ReadOnlyException
                        && state != null
                        && state.isClaimedOnlyBy(controller));
    }

    /**
     * Prevents sending a token when its claim may end before the response; this thread may have been suspended since
     * the claim.
     */
    void checkClaimValid(View claim) throws TokenRequestException.NotSent {
        SharedTokenState state = claim.failure() == null ? claim.state() : null;
        Instant deadline = state == null ? null : state.deadline();
        if (deadline != null && clock.instant().plus(timeout.dividedBy(2)).isAfter(deadline)) {
            throw new TokenRequestException.NotSent(
                    TokenErrorType.UNREACHABLE,
                    "saving the request took too long, so its claim is no longer safe",
                    null);
        }
    }

    /**
     * Publishes the result of a claimed request. Called after the ledger has saved it.
     *
     * @return false when the store could not be written and publication has to be repeated
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
        for (int i = 0; i < MAX_ATTEMPTS; i++) {
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
            // After another revision, another controller continues with this token.
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
     * Writes the ledger's token to a store that has an older one or an unfinished claim of this controller.
     *
     * @return the family with its revision in the store
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
        if (view.status() != StoreStatus.OUTDATED && !isUnpublished) {
            return family;
        }
        TokenFamily withRevision = family.sharedRevision() == null
                ? family.withSharedRevision(UUID.randomUUID().toString())
                : family;
        publish(secret, view, withRevision);
        return withRevision;
    }

    /** Reads the store after a failure, since a write with a lost response may have succeeded. */
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
