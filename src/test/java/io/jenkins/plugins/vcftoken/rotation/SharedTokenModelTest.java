package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenError;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Two controllers with homes of their own and one {@link VersionedSecret}: a store that is down, read-only, changed by
 * others or without answers; lost requests and responses; crashes at each point; a home that is wiped or restored from a
 * backup; a file that restores the initial token, a person with a new one. In every order up to a depth
 * ({@code -Dshared.model.depth}), and in random orders of twelve. After each move no token was sent again while anything
 * could be lost by it, and the newest token is in the store or in a ledger, or a record says that it is lost.
 */
class SharedTokenModelTest {

    private enum Move {
        ONE_ASKS,
        OTHER_ASKS,
        OTHER_ASKS_WHILE_ONE_IS_REQUESTING,
        OTHER_ASKS_WITH_A_STALE_TOKEN,
        BOTH_NEED_A_TOKEN,
        TIME_PASSES,
        PERSON_STORES_A_NEW_INITIAL_TOKEN,
        FILE_RESTORES_THE_INITIAL_TOKEN,
        HOME_OF_ONE_IS_WIPED,
        HOME_OF_ONE_IS_RESTORED,
        STORE_IS_DOWN,
        STORE_IS_DOWN_AFTER_THE_CLAIM,
        STORE_IS_READ_ONLY_FOR_OTHER,
        WRITES_HAVE_NO_ANSWER,
        STORE_IS_CHANGED_BY_OTHERS,
        SERVER_IS_DOWN,
        RESPONSE_IS_LOST,
        REQUEST_IS_LOST,
        CRASH_AFTER_THE_CLAIM,
        CRASH_BEFORE_SENDING,
        CRASH_AFTER_THE_SERVER_ROTATED,
        CRASH_BEFORE_PUBLISHING
    }

    private static final Account ACCOUNT =
            new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme");
    private static final Duration LIFETIME = Duration.ofHours(1);
    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final int DEPTH = Integer.getInteger("shared.model.depth", 3);
    private static final int RANDOM_ORDERS = Integer.getInteger("shared.model.random", 2_000);

    private static final Logger MANAGER = Logger.getLogger(TokenManager.class.getName());
    private static final Logger CLAIMS = Logger.getLogger(TokenClaims.class.getName());
    private static final Logger WRITE_BACK = Logger.getLogger(CredentialWriteBack.class.getName());

    @BeforeAll
    static void silence() {
        MANAGER.setLevel(Level.OFF);
        CLAIMS.setLevel(Level.OFF);
        WRITE_BACK.setLevel(Level.OFF);
    }

    @AfterAll
    static void restoreLevels() {
        MANAGER.setLevel(null);
        CLAIMS.setLevel(null);
        WRITE_BACK.setLevel(null);
    }

    @Test
    void everyOrderOfMoves_losesNoToken_andSendsNoneTwice() {
        Move[] moves = Move.values();
        int orders = (int) Math.pow(moves.length, DEPTH);
        for (int order = 0; order < orders; order++) {
            World world = new World();
            for (int rest = order, i = 0; i < DEPTH; i++, rest /= moves.length) {
                world.make(moves[rest % moves.length]);
            }
            world.settle();
        }
        System.out.println("Shared tokens: " + orders + " orders of " + DEPTH + " moves, lost 0, sent twice 0");
    }

    @Test
    void randomOrdersOfTwelveMoves_loseNoToken_andSendNoneTwice() {
        Random random = new Random(18);
        Move[] moves = Move.values();
        for (int order = 0; order < RANDOM_ORDERS; order++) {
            World world = new World();
            for (int i = 0; i < 12; i++) {
                world.make(moves[random.nextInt(moves.length)]);
            }
            world.settle();
        }
        System.out.println("Shared tokens: " + RANDOM_ORDERS + " random orders of 12 moves, lost 0, sent twice 0");
    }

    /** Ends a controller at some point, as kill -9 does: nothing after it happens. */
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1;
    }

    private static final class World {
        private final List<Move> made = new ArrayList<>();
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");
        private Move going = Move.ONE_ASKS;

        // The server
        private final Set<String> received = new HashSet<>();
        private final Set<String> answered = new HashSet<>();
        private String newest = "initial-0";
        private int issued;
        private boolean isNewestLost;
        private final Map<String, String> firstOf = new HashMap<>(Map.of(newest, newest));
        private final Map<String, Instant> accessEnds = new HashMap<>();

        // The store, and what else has a copy
        private final InMemoryVersionedSecret store = new InMemoryVersionedSecret(newest);
        private String file = newest;
        private String staleToken = newest;

        private final Home one = new Home("one");
        private final Home other = new Home("other");

        /** A home was wiped before it could publish its newest token: then nothing else can know of it. */
        private boolean isUnpublishedLost;

        void make(Move move) {
            made.add(move);
            going = move;
            String before = store.content().secret();
            store.set(InMemoryVersionedSecret.Fault.NONE);
            store.onWait(limit -> now = now.plus(limit));
            switch (move) {
                case OTHER_ASKS -> other.ask(store.content().secret(), token -> false);
                case OTHER_ASKS_WITH_A_STALE_TOKEN -> other.ask(staleToken, token -> false);
                case BOTH_NEED_A_TOKEN -> {
                    one.ask(store.content().secret(), token -> true);
                    int requests = received.size();
                    TokenResult result = other.ask(store.content().secret(), token -> true);
                    if (result != null && one.has(result.accessToken())) {
                        assertThat(received).as(this::story).hasSize(requests);
                    }
                }
                case TIME_PASSES -> now = now.plus(LIFETIME.multipliedBy(2));
                case PERSON_STORES_A_NEW_INITIAL_TOKEN -> {
                    newest = "initial-" + ++issued;
                    firstOf.put(newest, newest);
                    isNewestLost = false;
                    isUnpublishedLost = false;
                    file = newest;
                    store.store(newest, store.content().state());
                }
                case FILE_RESTORES_THE_INITIAL_TOKEN ->
                    store.store(file, store.content().state());
                case HOME_OF_ONE_IS_WIPED -> one.wipe();
                case HOME_OF_ONE_IS_RESTORED -> one.restore();
                case STORE_IS_DOWN -> {
                    store.set(InMemoryVersionedSecret.Fault.DOWN);
                    one.ask(before, token -> false);
                }
                case STORE_IS_READ_ONLY_FOR_OTHER -> {
                    // Before the first claim the account is not shared.
                    if (String.valueOf(store.content().state()).contains("one:controller")) {
                        store.set(InMemoryVersionedSecret.Fault.READ_ONLY);
                        int requests = received.size();
                        other.ask(before, token -> false);
                        assertThat(received).as(this::story).hasSize(requests);
                    }
                }
                case WRITES_HAVE_NO_ANSWER -> {
                    store.set(InMemoryVersionedSecret.Fault.WRITES_WITHOUT_ANSWER);
                    one.ask(before, token -> false);
                }
                case STORE_IS_CHANGED_BY_OTHERS -> {
                    store.set(InMemoryVersionedSecret.Fault.CHANGED_BY_OTHERS);
                    one.ask(before, token -> false);
                }
                default -> one.ask(before, token -> false);
            }
            store.set(InMemoryVersionedSecret.Fault.NONE);
            if (!store.content().secret().equals(before)) {
                staleToken = before;
            }
            one.unlock();
            other.unlock();
            check();
        }

        /** Time heals what the server has not taken away, for both; a new initial token makes everything well. */
        void settle() {
            make(Move.TIME_PASSES);
            boolean isKnown = !isNewestLost && !isUnpublishedLost;
            if (isKnown) {
                // The home that has a token which it could not publish yet comes first.
                Home first = other.hasNewest() && !isInStore() ? other : one;
                first.assertGets();
                now = now.plus(LIFETIME.multipliedBy(2));
                one.assertGets();
                now = now.plus(LIFETIME.multipliedBy(2));
                other.assertGets();
            }
            make(Move.PERSON_STORES_A_NEW_INITIAL_TOKEN);
            one.assertGets();
            other.assertGets();
            assertThat(store.content().secret()).as(this::story).isEqualTo(newest);
        }

        private boolean isInStore() {
            return store.content().secret().equals(newest)
                    || (store.content().state() != null
                            && store.content().state().contains('"' + newest + '"'));
        }

        private void check() {
            boolean isUnsent = newest.startsWith("initial") && !received.contains(newest);
            boolean isDiagnosed = isNewestLost || isUnpublishedLost;
            assertThat(isInStore() || one.hasNewest() || other.hasNewest() || isUnsent || isDiagnosed)
                    .as(this::story)
                    .isTrue();
        }

        private String story() {
            return made + " with " + one.disk.values() + " and " + other.disk.values() + ", store "
                    + store.content().secret() + " " + store.content().state() + ", newest " + newest;
        }

        private final class Home implements CredentialWriter {
            private final String name;
            private final Map<String, TokenFamily> disk = new HashMap<>();
            private Map<String, TokenFamily> backup = Map.of();
            private final Set<String> locked = new HashSet<>();
            private TokenManager manager;

            Home(String name) {
                this.name = name;
                start();
            }

            private void start() {
                manager = new TokenManager(
                        new DiskLedger(this),
                        text -> name + ':' + text,
                        Runnable::run,
                        Runnable::run,
                        () -> now,
                        TIMEOUT,
                        () -> true,
                        TokenListener.NONE);
            }

            void unlock() {
                locked.clear();
            }

            void wipe() {
                boolean isLost = hasNewest() && !isInStore() && !other.hasNewest();
                disk.clear();
                lost(isLost);
                start();
            }

            void restore() {
                Map<String, TokenFamily> today = Map.copyOf(disk);
                boolean had = hasNewest() && !isInStore() && !other.hasNewest();
                disk.clear();
                disk.putAll(backup);
                backup = today;
                lost(had && !hasNewest());
                isUnpublishedLost &= !hasNewest();
                start();
            }

            /** What only this home had is lost with it, its access tokens too. The store tells of a request. */
            private void lost(boolean isLost) {
                if (isLost) {
                    isUnpublishedLost = true;
                    assertThat(store.content().state()).as(World.this::story).containsAnyOf("REQUESTING", "UNKNOWN");
                    other.disk.values().stream()
                            .map(TokenFamily::accessToken)
                            .filter(Objects::nonNull)
                            .map(AccessToken::expiresAt)
                            .max(Comparator.naturalOrder())
                            .ifPresentOrElse(
                                    end -> accessEnds.put(firstOf.get(newest), end),
                                    () -> accessEnds.remove(firstOf.get(newest)));
                }
            }

            boolean hasNewest() {
                return disk.values().stream()
                        .anyMatch(record -> record.state() != TokenFamily.Status.REJECTED
                                && record.tokens().current().equals(newest));
            }

            boolean has(AccessToken token) {
                return disk.values().stream().anyMatch(record -> token.equals(record.accessToken()));
            }

            void assertGets() {
                going = Move.ONE_ASKS;
                TokenResult result = ask(store.content().secret(), token -> true);
                assertThat(result).as(() -> name + ": " + story()).isNotNull();
                assertThat(result.error()).as(() -> name + ": " + story()).isNull();
            }

            /** @return null when there was no access token */
            TokenResult ask(String token, Predicate<AccessToken> acceptable) {
                CredentialHandle handle =
                        new CredentialHandle("sa", new CredentialLocation("system", "sa"), token, new Server(), this);
                try {
                    return manager.request(handle, acceptable).get();
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof Crash) {
                        start();
                    } else if (!(e.getCause() instanceof InterruptedException)) {
                        assertThat(e.getCause()).as(World.this::story).isInstanceOf(TokenUnavailableException.class);
                    }
                    return null;
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean again) {
                throw new AssertionError("written to the credentials store");
            }

            @Override
            public VersionedSecret versionedSecret() {
                return store;
            }
        }

        private final class Server implements TokenEndpointClient {

            @Override
            public Account account() {
                return ACCOUNT;
            }

            @Override
            public TokenResponse requestToken(String token) throws TokenRequestException {
                if (going == Move.CRASH_BEFORE_SENDING) {
                    throw new Crash();
                }
                if (going == Move.SERVER_IS_DOWN) {
                    throw new TokenRequestException.NotSent(TokenError.UNREACHABLE, "down", null);
                }
                if (!received.add(token)) {
                    // Only a controller that has published nothing for a whole lifetime can have the answer.
                    assertThat(!isInStore() || !answered.contains(token))
                            .as(World.this::story)
                            .isTrue();
                    assertThat(accessEnds.getOrDefault(firstOf.get(token), Instant.MIN))
                            .as(World.this::story)
                            .isBeforeOrEqualTo(now);
                }
                if (going == Move.STORE_IS_DOWN_AFTER_THE_CLAIM) {
                    store.set(InMemoryVersionedSecret.Fault.DOWN);
                }
                if (going == Move.OTHER_ASKS_WHILE_ONE_IS_REQUESTING) {
                    going = Move.ONE_ASKS;
                    store.onWait(limit -> {
                        throw new InterruptedException();
                    });
                    TokenResult meanwhile = other.ask(store.content().secret(), accessToken -> false);
                    assertThat(meanwhile == null || meanwhile.error() != null)
                            .as(World.this::story)
                            .isTrue();
                }
                if (going == Move.REQUEST_IS_LOST) {
                    throw new TokenRequestException.OutcomeUnknown("lost", null);
                }
                if (!token.equals(newest)) {
                    answered.add(token);
                    throw new TokenRequestException.Rejected(TokenError.SPENT_OR_REVOKED, "invalid_grant");
                }
                newest = "rotated-" + ++issued;
                firstOf.put(newest, firstOf.get(token));
                isNewestLost = true;
                if (going == Move.CRASH_AFTER_THE_SERVER_ROTATED) {
                    throw new Crash();
                }
                if (going == Move.RESPONSE_IS_LOST) {
                    throw new TokenRequestException.OutcomeUnknown("lost", null);
                }
                isNewestLost = false;
                answered.add(token);
                accessEnds.put(firstOf.get(token), now.plus(LIFETIME));
                return new TokenResponse(new AccessToken("access-" + issued, now, now.plus(LIFETIME)), newest);
            }
        }

        private final class DiskLedger implements TokenLedger {
            private final Home home;

            DiskLedger(Home home) {
                this.home = home;
            }

            @Override
            public Optional<TokenFamily> load(String id) {
                return Optional.ofNullable(home.disk.get(id));
            }

            @Override
            public void save(TokenFamily record) {
                if (record.state() == TokenFamily.Status.REQUESTING && going == Move.CRASH_AFTER_THE_CLAIM) {
                    throw new Crash();
                }
                if (home.backup.isEmpty()) {
                    home.backup = Map.copyOf(home.disk);
                }
                home.disk.put(record.id(), record);
                if (record.state() == TokenFamily.Status.READY
                        && record.tokens().current().equals(newest)
                        && going == Move.CRASH_BEFORE_PUBLISHING) {
                    throw new Crash();
                }
            }

            @Override
            public void delete(String id) {
                home.disk.remove(id);
            }

            @Override
            public Contents contents() {
                return new Contents(List.copyOf(home.disk.values()), List.of());
            }

            @Override
            public Lock lock(String id, Duration limit) throws IOException {
                if (!home.locked.add(id)) {
                    throw new IOException("in flight elsewhere");
                }
                return () -> home.locked.remove(id);
            }
        }
    }
}
