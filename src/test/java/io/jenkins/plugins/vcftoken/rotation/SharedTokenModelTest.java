package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
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
 * Model of two controllers with separate home directories and one {@link VersionedSecret}. Actions: failures and
 * changes of the store, lost requests and responses, crashes, a wiped or restored home, and new or restored initial
 * tokens. Runs all orders of actions up to a length ({@code -Dshared.model.depth}), and random orders of twelve.
 * Asserts after each action that no token was sent again while a refusal could revoke a valid access token, and that
 * the newest token is in the store or in a ledger, or a record reports its loss.
 */
class SharedTokenModelTest {

    private enum Action {
        ONE_REQUESTS,
        OTHER_REQUESTS,
        OTHER_REQUESTS_WHILE_ONE_IS_REQUESTING,
        OTHER_REQUESTS_WITH_A_STALE_TOKEN,
        BOTH_ACCEPT_A_CACHED_TOKEN,
        TIME_PASSES,
        USER_STORES_A_NEW_INITIAL_TOKEN,
        FILE_RESTORES_THE_INITIAL_TOKEN,
        HOME_OF_ONE_IS_WIPED,
        HOME_OF_ONE_IS_RESTORED,
        STORE_IS_DOWN,
        STORE_IS_DOWN_AFTER_THE_CLAIM,
        STORE_IS_READ_ONLY_FOR_OTHER,
        WRITE_RESPONSES_ARE_LOST,
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
    private static final Logger CLAIMS = Logger.getLogger(SharedTokenCoordinator.class.getName());
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
    void everyOrderOfActions_losesNoToken_andSendsNoneTwice() {
        Action[] actions = Action.values();
        int orders = (int) Math.pow(actions.length, DEPTH);
        for (int order = 0; order < orders; order++) {
            Model model = new Model();
            for (int rest = order, i = 0; i < DEPTH; i++, rest /= actions.length) {
                model.perform(actions[rest % actions.length]);
            }
            model.assertRecovers();
        }
        System.out.println("Shared tokens: " + orders + " orders of " + DEPTH + " actions, lost 0, sent twice 0");
    }

    @Test
    void randomOrdersOfTwelveActions_loseNoToken_andSendNoneTwice() {
        Random random = new Random(18);
        Action[] actions = Action.values();
        for (int order = 0; order < RANDOM_ORDERS; order++) {
            Model model = new Model();
            for (int i = 0; i < 12; i++) {
                model.perform(actions[random.nextInt(actions.length)]);
            }
            model.assertRecovers();
        }
        System.out.println("Shared tokens: " + RANDOM_ORDERS + " random orders of 12 actions, lost 0, sent twice 0");
    }

    /** Ends a controller like {@code kill -9}. */
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1;
    }

    private static final class Model {
        private final List<Action> performed = new ArrayList<>();
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");
        private Action currentAction = Action.ONE_REQUESTS;

        // Server
        private final Set<String> received = new HashSet<>();
        private final Set<String> answered = new HashSet<>();
        private String newest = "initial-0";
        private int issued;
        private boolean isNewestLost;
        private final Map<String, String> initialTokenOf = new HashMap<>(Map.of(newest, newest));
        private final Map<String, Instant> accessTokenExpiry = new HashMap<>();

        // Store, file and former token
        private final InMemoryVersionedSecret store = new InMemoryVersionedSecret(newest);
        private String file = newest;
        private String staleToken = newest;

        private final Home one = new Home("one");
        private final Home other = new Home("other");

        /** Whether a home was wiped before it published the newest token. */
        private boolean isUnpublishedLost;

        void perform(Action next) {
            performed.add(next);
            currentAction = next;
            String before = store.content().secret();
            store.setFault(InMemoryVersionedSecret.Fault.NONE);
            store.setOnWait(limit -> now = now.plus(limit));
            switch (next) {
                case OTHER_REQUESTS -> other.request(store.content().secret(), token -> false);
                case OTHER_REQUESTS_WITH_A_STALE_TOKEN -> other.request(staleToken, token -> false);
                case BOTH_ACCEPT_A_CACHED_TOKEN -> {
                    one.request(store.content().secret(), token -> true);
                    int requests = received.size();
                    TokenResult result = other.request(store.content().secret(), token -> true);
                    if (result != null && one.has(result.accessToken())) {
                        assertThat(received).as(this::describe).hasSize(requests);
                    }
                }
                case TIME_PASSES -> now = now.plus(LIFETIME.multipliedBy(2));
                case USER_STORES_A_NEW_INITIAL_TOKEN -> {
                    newest = "initial-" + ++issued;
                    initialTokenOf.put(newest, newest);
                    isNewestLost = false;
                    isUnpublishedLost = false;
                    file = newest;
                    store.put(newest, store.content().state());
                }
                case FILE_RESTORES_THE_INITIAL_TOKEN ->
                    store.put(file, store.content().state());
                case HOME_OF_ONE_IS_WIPED -> one.wipe();
                case HOME_OF_ONE_IS_RESTORED -> one.restore();
                case STORE_IS_DOWN -> {
                    store.setFault(InMemoryVersionedSecret.Fault.DOWN);
                    one.request(before, token -> false);
                }
                case STORE_IS_READ_ONLY_FOR_OTHER -> {
                    // Before the first claim the account is not shared.
                    if (String.valueOf(store.content().state()).contains("one:controller")) {
                        store.setFault(InMemoryVersionedSecret.Fault.READ_ONLY);
                        int requests = received.size();
                        other.request(before, token -> false);
                        assertThat(received).as(this::describe).hasSize(requests);
                    }
                }
                case WRITE_RESPONSES_ARE_LOST -> {
                    store.setFault(InMemoryVersionedSecret.Fault.WRITE_RESPONSE_LOST);
                    one.request(before, token -> false);
                }
                case STORE_IS_CHANGED_BY_OTHERS -> {
                    store.setFault(InMemoryVersionedSecret.Fault.CHANGED_ONCE);
                    one.request(before, token -> false);
                }
                default -> one.request(before, token -> false);
            }
            store.setFault(InMemoryVersionedSecret.Fault.NONE);
            if (!store.content().secret().equals(before)) {
                staleToken = before;
            }
            one.unlock();
            other.unlock();
            assertInvariants();
        }

        /**
         * Both controllers recover after some time unless the newest token is lost, and always with a new initial
         * token.
         */
        void assertRecovers() {
            perform(Action.TIME_PASSES);
            boolean isKnown = !isNewestLost && !isUnpublishedLost;
            if (isKnown) {
                // The home with an unpublished token requests first.
                Home first = other.hasNewest() && !isInStore() ? other : one;
                first.assertGetsToken();
                now = now.plus(LIFETIME.multipliedBy(2));
                one.assertGetsToken();
                now = now.plus(LIFETIME.multipliedBy(2));
                other.assertGetsToken();
            }
            perform(Action.USER_STORES_A_NEW_INITIAL_TOKEN);
            one.assertGetsToken();
            other.assertGetsToken();
            assertThat(store.content().secret()).as(this::describe).isEqualTo(newest);
        }

        private boolean isInStore() {
            return store.content().secret().equals(newest)
                    || (store.content().state() != null
                            && store.content().state().contains('"' + newest + '"'));
        }

        private void assertInvariants() {
            boolean isUnsent = newest.startsWith("initial") && !received.contains(newest);
            boolean isReported = isNewestLost || isUnpublishedLost;
            assertThat(isInStore() || one.hasNewest() || other.hasNewest() || isUnsent || isReported)
                    .as(this::describe)
                    .isTrue();
        }

        private String describe() {
            return performed + " with " + one.disk.values() + " and " + other.disk.values() + ", store "
                    + store.content().secret() + " " + store.content().state() + ", newest " + newest;
        }

        private final class Home {
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
                        TokenEventListener.NONE);
            }

            void unlock() {
                locked.clear();
            }

            void wipe() {
                boolean isLost = hasNewest() && !isInStore() && !other.hasNewest();
                disk.clear();
                markLost(isLost);
                start();
            }

            void restore() {
                Map<String, TokenFamily> today = Map.copyOf(disk);
                boolean had = hasNewest() && !isInStore() && !other.hasNewest();
                disk.clear();
                disk.putAll(backup);
                backup = today;
                markLost(had && !hasNewest());
                isUnpublishedLost &= !hasNewest();
                start();
            }

            /**
             * The newest token and its access token are lost with this home; the store has the state of the request.
             */
            private void markLost(boolean isLost) {
                if (isLost) {
                    isUnpublishedLost = true;
                    assertThat(store.content().state()).as(Model.this::describe).containsAnyOf("REQUESTING", "UNKNOWN");
                    other.disk.values().stream()
                            .map(TokenFamily::accessToken)
                            .filter(Objects::nonNull)
                            .map(AccessToken::expiresAt)
                            .max(Comparator.naturalOrder())
                            .ifPresentOrElse(
                                    end -> accessTokenExpiry.put(initialTokenOf.get(newest), end),
                                    () -> accessTokenExpiry.remove(initialTokenOf.get(newest)));
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

            void assertGetsToken() {
                currentAction = Action.ONE_REQUESTS;
                TokenResult result = request(store.content().secret(), token -> true);
                assertThat(result).as(() -> name + ": " + describe()).isNotNull();
                assertThat(result.error()).as(() -> name + ": " + describe()).isNull();
            }

            /** @return null when there was no access token */
            TokenResult request(String token, Predicate<AccessToken> acceptable) {
                CredentialHandle handle = new CredentialHandle(
                        "sa", new CredentialLocation("system", "sa"), token, new Server(), store.writer());
                try {
                    return manager.request(handle, acceptable).get();
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof Crash) {
                        start();
                    } else if (!(e.getCause() instanceof InterruptedException)) {
                        assertThat(e.getCause()).as(Model.this::describe).isInstanceOf(TokenUnavailableException.class);
                    }
                    return null;
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        private final class Server implements TokenClient {

            @Override
            public Account account() {
                return ACCOUNT;
            }

            @Override
            public TokenResponse requestToken(String token) throws TokenRequestException {
                if (currentAction == Action.CRASH_BEFORE_SENDING) {
                    throw new Crash();
                }
                if (currentAction == Action.SERVER_IS_DOWN) {
                    throw new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "down", null);
                }
                if (!received.add(token)) {
                    // Only a controller that has published nothing for a whole lifetime can have the response.
                    assertThat(!isInStore() || !answered.contains(token))
                            .as(Model.this::describe)
                            .isTrue();
                    assertThat(accessTokenExpiry.getOrDefault(initialTokenOf.get(token), Instant.MIN))
                            .as(Model.this::describe)
                            .isBeforeOrEqualTo(now);
                }
                if (currentAction == Action.STORE_IS_DOWN_AFTER_THE_CLAIM) {
                    store.setFault(InMemoryVersionedSecret.Fault.DOWN);
                }
                if (currentAction == Action.OTHER_REQUESTS_WHILE_ONE_IS_REQUESTING) {
                    currentAction = Action.ONE_REQUESTS;
                    store.setOnWait(limit -> {
                        throw new InterruptedException();
                    });
                    TokenResult meanwhile = other.request(store.content().secret(), accessToken -> false);
                    assertThat(meanwhile == null || meanwhile.error() != null)
                            .as(Model.this::describe)
                            .isTrue();
                }
                if (currentAction == Action.REQUEST_IS_LOST) {
                    throw new TokenRequestException.OutcomeUnknown("lost", null);
                }
                if (!token.equals(newest)) {
                    answered.add(token);
                    throw new TokenRequestException.Rejected(TokenErrorType.REFRESH_TOKEN_REJECTED, "invalid_grant");
                }
                newest = "rotated-" + ++issued;
                initialTokenOf.put(newest, initialTokenOf.get(token));
                isNewestLost = true;
                if (currentAction == Action.CRASH_AFTER_THE_SERVER_ROTATED) {
                    throw new Crash();
                }
                if (currentAction == Action.RESPONSE_IS_LOST) {
                    throw new TokenRequestException.OutcomeUnknown("lost", null);
                }
                isNewestLost = false;
                answered.add(token);
                accessTokenExpiry.put(initialTokenOf.get(token), now.plus(LIFETIME));
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
                if (record.state() == TokenFamily.Status.REQUESTING && currentAction == Action.CRASH_AFTER_THE_CLAIM) {
                    throw new Crash();
                }
                if (home.backup.isEmpty()) {
                    home.backup = Map.copyOf(home.disk);
                }
                home.disk.put(record.id(), record);
                if (record.state() == TokenFamily.Status.READY
                        && record.tokens().current().equals(newest)
                        && currentAction == Action.CRASH_BEFORE_PUBLISHING) {
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
                    throw new IOException("locked");
                }
                return () -> home.locked.remove(id);
            }
        }
    }
}
