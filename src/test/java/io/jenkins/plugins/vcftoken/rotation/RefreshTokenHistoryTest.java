package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import org.junit.jupiter.api.Test;

class RefreshTokenHistoryTest {

    private static final RefreshTokenHistory INITIAL = RefreshTokenHistory.of("initial", TestTokenService.HASH);

    @Test
    void isFormer_beforeTheFirstRotation_isFalse() {
        assertThat(isFormer(INITIAL, "initial")).isFalse();
        assertThat(isFormer(INITIAL, "other")).isFalse();
    }

    @Test
    void isFormer_isTrueForRotatedTokensOnly() {
        RefreshTokenHistory twice =
                INITIAL.rotatedTo("one", TestTokenService.HASH).rotatedTo("two", TestTokenService.HASH);
        assertThat(isFormer(twice, "initial")).isTrue();
        assertThat(isFormer(twice, "one")).isTrue();
        assertThat(isFormer(twice, "two")).isFalse();
        assertThat(isFormer(twice, "other")).isFalse();
        assertThat(twice.generation()).isEqualTo(2);
    }

    @Test
    void nonRotating_isTrueUntilTheTokenRotates() {
        assertThat(INITIAL.nonRotating()).isFalse();
        RefreshTokenHistory same = INITIAL.rotatedTo("initial", TestTokenService.HASH);
        assertThat(same.nonRotating()).isTrue();
        assertThat(INITIAL.rotatedTo(null, TestTokenService.HASH)).isEqualTo(same);
        assertThat(same.generation()).isZero();
        assertThat(same.rotatedTo("one", TestTokenService.HASH).nonRotating()).isFalse();
    }

    @Test
    void rotatedTo_beyondTheLimit_removesTheOldestHashesButNotTheInitialOne() {
        RefreshTokenHistory old = INITIAL;
        for (int i = 1; i <= RefreshTokenHistory.MAX_FORMER; i++) {
            old = old.rotatedTo("token " + i, TestTokenService.HASH);
        }
        assertThat(old.formerHashes()).hasSize(RefreshTokenHistory.MAX_FORMER);
        RefreshTokenHistory older =
                old.rotatedTo("one more", TestTokenService.HASH).rotatedTo("another", TestTokenService.HASH);
        assertThat(older.formerHashes()).hasSize(RefreshTokenHistory.MAX_FORMER);
        assertThat(isFormer(older, "token 1")).isFalse();
        assertThat(isFormer(older, "token 2")).isTrue();
        assertThat(isFormer(older, "initial")).isTrue();
    }

    /** Each rotation writes all hashes. */
    @Test
    void rotatedTo_shortensTheHashesOfOlderTokens() {
        RefreshTokenHistory old = INITIAL;
        for (int i = 1; i <= RefreshTokenHistory.RECENT + 2; i++) {
            old = old.rotatedTo("token " + i, TestTokenService.HASH);
        }
        String initialToken = TestTokenService.HASH.ofToken("initial");
        String first = TestTokenService.HASH.ofToken("token 1");
        String second = TestTokenService.HASH.ofToken("token 2");
        assertThat(old.formerHashes())
                .startsWith(initialToken.substring(0, 16), first.substring(0, 16), second)
                .hasSize(RefreshTokenHistory.RECENT + 2);
        assertThat(old.briefHashes()).containsExactly(initialToken.substring(0, 16), first.substring(0, 16));
        assertThat(old.fullHashes(TestTokenService.HASH))
                .hasSize(RefreshTokenHistory.RECENT + 2)
                .contains(initialToken, second)
                .doesNotContain(first);
        assertThat(isFormer(old, "token 1")).isTrue();
    }

    @Test
    void authorizedTo_addsTheEmptyTokenOnce() {
        RefreshTokenHistory first = INITIAL.authorizedTo("one", TestTokenService.HASH);
        assertThat(isFormer(first, "")).isTrue();
        assertThat(isFormer(first, "initial")).isTrue();
        assertThat(first.current()).isEqualTo("one");
        assertThat(first.generation()).isEqualTo(1);
        RefreshTokenHistory second = first.authorizedTo("two", TestTokenService.HASH);
        assertThat(second.formerHashes())
                .containsExactly(
                        TestTokenService.HASH.ofToken("initial"),
                        TestTokenService.HASH.ofToken(""),
                        TestTokenService.HASH.ofToken("one"));
        assertThat(second.generation()).isEqualTo(2);
        assertThat(first.nonRotating() || second.nonRotating()).isFalse();
    }

    /** A file may restore a credential without a token long after the authorization. */
    @Test
    void rotatedTo_beyondTheLimit_keepsTheHashOfTheEmptyToken() {
        RefreshTokenHistory old = INITIAL.authorizedTo("one", TestTokenService.HASH);
        for (int i = 1; i <= RefreshTokenHistory.MAX_FORMER + 10; i++) {
            old = old.rotatedTo("token " + i, TestTokenService.HASH);
        }
        assertThat(isFormer(old, "")).isTrue();
        assertThat(old.fullHashes(TestTokenService.HASH)).contains(TestTokenService.HASH.ofToken(""));
        assertThat(old.formerHashes()).hasSize(RefreshTokenHistory.MAX_FORMER + 1);
        assertThat(isFormer(old, "token 5")).isFalse();
        assertThat(isFormer(old, "token 15")).isTrue();
        assertThat(INITIAL.rotatedTo("one", TestTokenService.HASH).fullHashes(TestTokenService.HASH))
                .doesNotContain(TestTokenService.HASH.ofToken(""));
    }

    private static boolean isFormer(RefreshTokenHistory tokens, String token) {
        return tokens.isFormer(TestTokenService.HASH.ofToken(token));
    }
}
