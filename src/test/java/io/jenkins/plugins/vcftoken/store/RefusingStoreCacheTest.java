package io.jenkins.plugins.vcftoken.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsStore;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RefusingStoreCacheTest {

    private static final Class<CredentialsStore> KIND = CredentialsStore.class;
    private static final CredentialLocation PLACE = new CredentialLocation("system", "sa");

    private final MutableClock clock = new MutableClock();
    private final RefusingStoreCache stores = new RefusingStoreCache(clock);

    @Test
    void aStoreThatRefusedIsTriedAgainTenMinutesLaterAndIsShownAsReadOnlyUntilItTakesAChange() {
        assertThat(stores.isTried(KIND, PLACE)).isTrue();
        assertThat(stores.refused(KIND, PLACE)).as("news").isTrue();
        assertThat(stores.isTried(KIND, PLACE)).isFalse();
        clock.advance(Duration.ofMinutes(10).minusMillis(1));
        assertThat(stores.isTried(KIND, PLACE)).isFalse();
        clock.advance(Duration.ofMillis(1));
        assertThat(stores.isTried(KIND, PLACE)).isTrue();
        assertThat(stores.isReadOnly(KIND, PLACE)).isTrue();
        assertThat(stores.refused(KIND, PLACE)).as("news").isFalse();
        assertThat(stores.isTried(KIND, PLACE)).isFalse();
        stores.changed(KIND, PLACE);
        assertThat(stores.isTried(KIND, PLACE)).isTrue();
        assertThat(stores.isReadOnly(KIND, PLACE)).isFalse();
        assertThat(stores.refused(KIND, PLACE)).as("news").isTrue();
    }

    @Test
    void aStoreIsTriedWhenTheClockWasSetBack() {
        clock.advance(Duration.ofHours(1));
        stores.refused(KIND, PLACE);
        clock.advance(Duration.ofMinutes(-30));
        assertThat(stores.isTried(KIND, PLACE)).isTrue();
    }

    @Test
    void oneRefusalSaysNothingOfOtherPlaces() {
        stores.refused(KIND, PLACE);
        CredentialLocation other = new CredentialLocation("folder:team", "sa");
        assertThat(stores.isTried(KIND, other)).isTrue();
        assertThat(stores.isReadOnly(KIND, other)).isFalse();
    }
}
