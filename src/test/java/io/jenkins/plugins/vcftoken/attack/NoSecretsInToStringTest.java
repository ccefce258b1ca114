package io.jenkins.plugins.vcftoken.attack;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Objects can end up in messages and logs, so {@code toString()} must not contain secrets in any class of the plugin.
 */
class NoSecretsInToStringTest {

    private static final String PACKAGE = "io.jenkins.plugins.vcftoken";

    /** Record components that {@code toString()} may contain. Only add components that are not secret. */
    private static final String NON_SECRET_COMPONENTS = """
            HttpClientFactory.TlsSettings.certificates
            binding.Kubeconfig.caCertificates
            binding.Kubeconfig.namespaces
            binding.Kubeconfig.organization
            binding.Kubeconfig.tokenFile
            binding.Kubeconfig.url
            credentials.CredentialFormAccess.context
            credentials.EncryptedFormFieldDetector.request
            health.HealthWarning.id
            health.HealthWarning.page
            health.SecretExpiryCache.Entry.credential
            lease.RenewalPolicy.random
            oauth.Account.name
            oauth.Account.organization
            oauth.Account.system
            oauth.Account.url
            oauth.CspClientCredentialsClient.App.id
            oauth.CspClientCredentialsClient.App.scope
            oauth.DeviceAuthorizationResponse.userCode
            oauth.JwtClaims.claims
            oauth.SupervisorNamespace.endpoint
            oauth.SupervisorNamespace.name
            oauth.SupervisorNamespace.project
            oauth.VcfOperationsTokenClient.User.authSource
            oauth.VcfOperationsTokenClient.User.name
            rotation.CredentialLocation.context
            rotation.CredentialLocation.credentialsId
            rotation.CredentialWriteBack.Target.familyId
            rotation.FileTokenLedger.Version.key
            rotation.SharedTokenState.revision
            rotation.TokenFamily.id
            rotation.TokenIssuedEvent.owner
            rotation.TokenManager.Attempt.request
            rotation.TokenLedger.Contents.readable
            rotation.TokenLedger.Contents.unreadable
            rotation.TokenLedger.Tombstone.hash
            rotation.TokenLedger.Tombstone.host
            rotation.TokenLedger.Tombstone.owner
            rotation.TokenLedger.UnreadableRecord.familyId
            rotation.TokenLedger.UnreadableRecord.file
            rotation.TokenLedger.UnreadableRecord.cause
            rotation.RequestQueue.Target.familyId
            rotation.TokenResult.familyId
            rotation.TokenResult.warning
            rotation.VersionedSecret.Content.version
            store.LocatedCredential.credential
            store.StoreContext.context
            store.StoredCredentialReference.Expected.read
            store.StoredCredentialReference.Expected.replacement
            store.StoredCredentialReference.id
            """;

    /** Classes other than records that override {@code toString()}, reviewed not to expose secrets. */
    private static final Set<String> CLASSES_WITH_TO_STRING =
            Set.of("CredentialHandle", "DisplayTime", "TokenFileLocation");

    private static List<JavaClass> classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages(PACKAGE).stream()
                        .toList();
    }

    @Test
    void records_showOnlyNonSecretComponents() throws Exception {
        Set<String> shown = new TreeSet<>();
        for (JavaClass type : classes) {
            if (type.isRecord()) {
                Class<?> record = type.reflect();
                String text = sample(record).toString();
                for (RecordComponent component : record.getRecordComponents()) {
                    String name = name(component);
                    if (text.contains(name + '!')) {
                        shown.add(name);
                    }
                }
            }
        }
        assertThat(shown)
                .containsExactlyInAnyOrder(NON_SECRET_COMPONENTS.strip().split("\\s+"));
    }

    @Test
    void otherClasses_withToString_areReviewed() {
        Set<String> found = classes.stream()
                .filter(type -> !type.isRecord())
                .filter(type -> type.tryGetMethod("toString").isPresent())
                .map(JavaClass::getSimpleName)
                .collect(Collectors.toSet());
        assertThat(found).isEqualTo(CLASSES_WITH_TO_STRING);
    }

    /**
     * The exception carries a token so that it can be stored. Its stack trace and its serialized form must not contain
     * the token.
     */
    @Test
    void exception_withToken_doesNotExposeIt() throws Exception {
        String token = "the-only-copy-of-a-token";
        Exception exception = new TokenUnavailableException(
                "no access token", new TokenRequestException.InvalidResponse("HTTP 200 without one", token));
        exception.addSuppressed(new TokenRequestException.InvalidResponse("HTTP 200 with half of one", token));
        StringWriter trace = new StringWriter();
        exception.printStackTrace(new PrintWriter(trace, true));
        assertThat(trace.toString()).contains("HTTP 200 with half").doesNotContain(token);
        ByteArrayOutputStream serialized = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(serialized)) {
            out.writeObject(exception);
        }
        assertThat(serialized.toString(StandardCharsets.ISO_8859_1)).doesNotContain(token);
    }

    private static String name(RecordComponent component) {
        String record = component.getDeclaringRecord().getCanonicalName();
        return record.substring(PACKAGE.length() + 1) + '.' + component.getName();
    }

    private static Object sample(Class<?> record) throws Exception {
        List<Class<?>> types = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        for (RecordComponent component : record.getRecordComponents()) {
            types.add(component.getType());
            values.add(value(component.getType(), name(component) + '!'));
        }
        Constructor<?> constructor = record.getDeclaredConstructor(types.toArray(Class[]::new));
        constructor.setAccessible(true);
        return constructor.newInstance(values.toArray());
    }

    /** @return value of the type, with the given text in its string representation if possible */
    private static Object value(Class<?> type, String text) throws Exception {
        if (type == boolean.class) {
            return true;
        }
        if (type == int.class) {
            return 1;
        }
        if (type == long.class) {
            return 1L;
        }
        if (type.isAssignableFrom(String.class)) {
            return text;
        }
        if (type == List.class) {
            return List.of(text);
        }
        if (type == Set.class || type == Collection.class) {
            return Set.of(text);
        }
        if (type == JsonNode.class) {
            return TextNode.valueOf(text);
        }
        if (type == URI.class) {
            return URI.create("https://host/" + text);
        }
        if (type == Instant.class) {
            return Instant.EPOCH;
        }
        if (type == Duration.class) {
            return Duration.ZERO;
        }
        if (type.isEnum()) {
            return type.getEnumConstants()[0];
        }
        if (type.isRecord()) {
            return sample(type);
        }
        return type.isInterface() ? echo(type, text) : null;
    }

    private static Object echo(Class<?> type, String text) {
        return Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) ->
                        method.getName().equals("toString") ? text : value(method.getReturnType(), text));
    }
}
