package io.jenkins.plugins.vcftoken.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsStore;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReadOnlyStoreTrackerTest {

    private static final Class<CredentialsStore> STORE = CredentialsStore.class;
    private static final CredentialLocation LOCATION = new CredentialLocation("system", "sa");

    private final MutableClock clock = new MutableClock();
    private final ReadOnlyStoreTracker stores = new ReadOnlyStoreTracker(clock);

    @Test
    void readOnlyStore_isRetriedAfterTenMinutes_andReadOnlyUntilAWriteSucceeds() {
        assertThat(stores.canTryWrite(STORE, LOCATION)).isTrue();
        assertThat(stores.markReadOnly(STORE, LOCATION)).as("newly read-only").isTrue();
        assertThat(stores.canTryWrite(STORE, LOCATION)).isFalse();
        clock.advance(Duration.ofMinutes(10).minusMillis(1));
        assertThat(stores.canTryWrite(STORE, LOCATION)).isFalse();
        clock.advance(Duration.ofMillis(1));
        assertThat(stores.canTryWrite(STORE, LOCATION)).isTrue();
        assertThat(stores.isReadOnly(STORE, LOCATION)).isTrue();
        assertThat(stores.markReadOnly(STORE, LOCATION)).as("newly read-only").isFalse();
        assertThat(stores.canTryWrite(STORE, LOCATION)).isFalse();
        stores.markWritable(STORE, LOCATION);
        assertThat(stores.canTryWrite(STORE, LOCATION)).isTrue();
        assertThat(stores.isReadOnly(STORE, LOCATION)).isFalse();
        assertThat(stores.markReadOnly(STORE, LOCATION)).as("newly read-only").isTrue();
    }

    @Test
    void readOnlyStore_afterTheClockWasSetBack_isRetried() {
        clock.advance(Duration.ofHours(1));
        stores.markReadOnly(STORE, LOCATION);
        clock.advance(Duration.ofMinutes(-30));
        assertThat(stores.canTryWrite(STORE, LOCATION)).isTrue();
    }

    /** A decorator that misses a default method of the interface hides that of the store. */
    @Test
    void trackedSecret_forwardsEachMethod() throws ReflectiveOperationException {
        List<String> calls = new ArrayList<>();
        VersionedSecret secret = (VersionedSecret) Proxy.newProxyInstance(
                VersionedSecret.class.getClassLoader(),
                new Class<?>[] {VersionedSecret.class},
                (proxy, method, args) -> {
                    calls.add(method.getName());
                    return method.getReturnType() == boolean.class ? false : null;
                });
        VersionedSecret tracked = stores.track(secret, STORE, LOCATION);
        List<String> methods = new ArrayList<>();
        for (Method method : VersionedSecret.class.getMethods()) {
            methods.add(method.getName());
            method.invoke(tracked, new Object[method.getParameterCount()]);
        }
        assertThat(calls).containsExactlyElementsOf(methods);
    }

    @Test
    void refusal_appliesToOneLocation() {
        stores.markReadOnly(STORE, LOCATION);
        CredentialLocation other = new CredentialLocation("folder:team", "sa");
        assertThat(stores.canTryWrite(STORE, other)).isTrue();
        assertThat(stores.isReadOnly(STORE, other)).isFalse();
    }
}
