package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.Core;
import org.junit.jupiter.api.Test;

class LineageTest {

    private static final Lineage SEED = Lineage.of("seed", Core.HASH);

    @Test
    void nothingIsFormerBeforeTheFirstRotation() {
        assertThat(isFormer(SEED, "seed")).isFalse();
        assertThat(isFormer(SEED, "other")).isFalse();
    }

    @Test
    void whatWasRotatedAwayIsFormerAndWhatIsCurrentIsNot() {
        Lineage twice = SEED.rotatedTo("one", Core.HASH).rotatedTo("two", Core.HASH);
        assertThat(isFormer(twice, "seed")).isTrue();
        assertThat(isFormer(twice, "one")).isTrue();
        assertThat(isFormer(twice, "two")).isFalse();
        assertThat(isFormer(twice, "other")).isFalse();
        assertThat(twice.generation()).isEqualTo(2);
    }

    @Test
    void aTokenThatComesBackTheSameOrNotAtAllIsSteadyUntilItRotates() {
        assertThat(SEED.steady()).isFalse();
        Lineage same = SEED.rotatedTo("seed", Core.HASH);
        assertThat(same.steady()).isTrue();
        assertThat(SEED.rotatedTo(null, Core.HASH)).isEqualTo(same);
        assertThat(same.generation()).isZero();
        assertThat(same.rotatedTo("one", Core.HASH).steady()).isFalse();
    }

    @Test
    void theOldestAreForgottenAndTheSeedIsNot() {
        Lineage old = SEED;
        for (int i = 1; i <= Lineage.MAX_FORMER; i++) {
            old = old.rotatedTo("token " + i, Core.HASH);
        }
        assertThat(old.formerHashes()).hasSize(Lineage.MAX_FORMER);
        Lineage older = old.rotatedTo("one more", Core.HASH).rotatedTo("another", Core.HASH);
        assertThat(older.formerHashes()).hasSize(Lineage.MAX_FORMER);
        assertThat(isFormer(older, "token 1")).isFalse();
        assertThat(isFormer(older, "token 2")).isTrue();
        assertThat(isFormer(older, "seed")).isTrue();
    }

    /** Many have to be remembered, and each rotation writes them all. */
    @Test
    void whatIsNotRecentIsRememberedInBrief() {
        Lineage old = SEED;
        for (int i = 1; i <= Lineage.RECENT + 2; i++) {
            old = old.rotatedTo("token " + i, Core.HASH);
        }
        String seed = Core.HASH.ofToken("seed");
        String first = Core.HASH.ofToken("token 1");
        String second = Core.HASH.ofToken("token 2");
        assertThat(old.formerHashes())
                .startsWith(seed.substring(0, 16), first.substring(0, 16), second)
                .hasSize(Lineage.RECENT + 2);
        assertThat(old.inBrief()).containsExactly(seed.substring(0, 16), first.substring(0, 16));
        assertThat(old.inFull(Core.HASH))
                .hasSize(Lineage.RECENT + 2)
                .contains(seed, second)
                .doesNotContain(first);
        assertThat(isFormer(old, "token 1")).isTrue();
    }

    @Test
    void anAuthorizedFamilyAnswersToAnEmptyCredentialAndRemembersThatOnce() {
        Lineage first = SEED.authorizedTo("one", Core.HASH);
        assertThat(isFormer(first, "")).isTrue();
        assertThat(isFormer(first, "seed")).isTrue();
        assertThat(first.current()).isEqualTo("one");
        assertThat(first.generation()).isEqualTo(1);
        Lineage second = first.authorizedTo("two", Core.HASH);
        assertThat(second.formerHashes())
                .containsExactly(Core.HASH.ofToken("seed"), Core.HASH.ofToken(""), Core.HASH.ofToken("one"));
        assertThat(second.generation()).isEqualTo(2);
        assertThat(first.steady() || second.steady()).isFalse();
    }

    /** However long ago it was authorized, a file may bring it back without a token. */
    @Test
    void thatItWasAuthorizedIsNeverForgotten() {
        Lineage old = SEED.authorizedTo("one", Core.HASH);
        for (int i = 1; i <= Lineage.MAX_FORMER + 10; i++) {
            old = old.rotatedTo("token " + i, Core.HASH);
        }
        assertThat(isFormer(old, "")).isTrue();
        assertThat(old.inFull(Core.HASH)).contains(Core.HASH.ofToken(""));
        assertThat(old.formerHashes()).hasSize(Lineage.MAX_FORMER + 1);
        assertThat(isFormer(old, "token 5")).isFalse();
        assertThat(isFormer(old, "token 15")).isTrue();
        assertThat(SEED.rotatedTo("one", Core.HASH).inFull(Core.HASH)).doesNotContain(Core.HASH.ofToken(""));
    }

    private static boolean isFormer(Lineage tokens, String token) {
        return tokens.isFormer(Core.HASH.ofToken(token));
    }
}
