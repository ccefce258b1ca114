package io.jenkins.plugins.vcftoken.kubernetes;

import com.cloudbees.jenkins.plugins.kubernetes_credentials_provider.CredentialsConvertionException;
import com.cloudbees.jenkins.plugins.kubernetes_credentials_provider.SecretUtils;
import com.cloudbees.plugins.credentials.CredentialsDescriptor;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.ExtensionList;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.AbstractVcfCredentials;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * Creates a credential from the data of a Kubernetes Secret. The keys are those of Configuration as Code: the names of
 * {@link DataBoundConstructor} parameters and {@link DataBoundSetter} properties.
 */
final class KubernetesCredentialFactory {

    private static final String TYPE_LABEL = "jenkins.io/credentials-type";

    private final io.fabric8.kubernetes.api.model.Secret secret;

    KubernetesCredentialFactory(io.fabric8.kubernetes.api.model.Secret secret) {
        this.secret = secret;
    }

    /** @return the credentials class of this plugin with this symbol; null if there is none */
    @CheckForNull
    static Class<? extends AbstractVcfCredentials> findType(String symbol) {
        for (CredentialsDescriptor descriptor : ExtensionList.lookup(CredentialsDescriptor.class)) {
            Symbol symbols = descriptor.getClass().getAnnotation(Symbol.class);
            if (AbstractVcfCredentials.class.isAssignableFrom(descriptor.clazz)
                    && symbols != null
                    && Arrays.asList(symbols.value()).contains(symbol)) {
                return descriptor.clazz.asSubclass(AbstractVcfCredentials.class);
            }
        }
        return null;
    }

    /** @throws CredentialsConvertionException if a value is missing or invalid */
    AbstractVcfCredentials toCredential() throws CredentialsConvertionException {
        String symbol = secret.getMetadata().getLabels().get(TYPE_LABEL);
        Class<? extends AbstractVcfCredentials> type = findType(symbol);
        if (type == null) {
            throw new CredentialsConvertionException("no kind of credential: " + symbol);
        }
        try {
            Constructor<?> constructor = Arrays.stream(type.getConstructors())
                    .filter(candidate -> candidate.isAnnotationPresent(DataBoundConstructor.class))
                    .findFirst()
                    .orElseThrow();
            AbstractVcfCredentials credential = type.cast(constructor.newInstance(arguments(constructor)));
            for (Method setter : type.getMethods()) {
                String key = propertyName(setter);
                if (setter.isAnnotationPresent(DataBoundSetter.class) && text(key) != null) {
                    setter.invoke(credential, value(key, setter.getParameterTypes()[0]));
                }
            }
            return credential;
        } catch (ReflectiveOperationException e) {
            throw new CredentialsConvertionException("the kind " + symbol + " cannot be made", e);
        }
    }

    private Object[] arguments(Constructor<?> constructor) throws CredentialsConvertionException {
        Parameter[] parameters = constructor.getParameters();
        Object[] arguments = new Object[parameters.length];
        for (int i = 0; i < parameters.length; i++) {
            String key = parameters[i].getName();
            arguments[i] = switch (key) {
                // From labels, annotations and the name of the Secret, as defined by the credentials provider.
                case "scope" -> SecretUtils.getCredentialScope(secret);
                case "id" -> SecretUtils.getCredentialId(secret);
                case "description" -> SecretUtils.getCredentialDescription(secret);
                default -> required(key, parameters[i].getType());
            };
        }
        return arguments;
    }

    /** Text parameters of the constructor are required; a secret may be missing, as in a form. */
    @CheckForNull
    private Object required(String key, Class<?> type) throws CredentialsConvertionException {
        if (type == String.class && isBlank(text(key))) {
            throw new CredentialsConvertionException("the Secret has no key ‘" + key + "’");
        }
        return value(key, type);
    }

    private static boolean isBlank(@CheckForNull String text) {
        return text == null || text.isEmpty();
    }

    private static String propertyName(Method setter) {
        String name = setter.getName().replaceFirst("^set", "");
        return name.isEmpty() ? name : name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
    }

    @CheckForNull
    private Object value(String key, Class<?> type) throws CredentialsConvertionException {
        if (type == Secret.class) {
            return secret(key);
        }
        String text = text(key);
        if (type == boolean.class) {
            return Boolean.parseBoolean(text);
        }
        return type == int.class ? (Object) parseInt(key, text) : text;
    }

    private static int parseInt(String key, @CheckForNull String text) throws CredentialsConvertionException {
        try {
            return isBlank(text) ? 0 : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new CredentialsConvertionException("the key ‘" + key + "’ is not a number", e);
        }
    }

    /** Rejects ciphertext of this controller, which Jenkins would decrypt and send to the server. */
    private Secret secret(String key) throws CredentialsConvertionException {
        String text = text(key);
        if (text != null && Secret.decrypt(text) != null) {
            throw new CredentialsConvertionException(
                    "the key ‘" + key + "’ has an encrypted secret of this controller");
        }
        return Secret.fromString(text);
    }

    /** @return null if the Secret has no such key */
    @CheckForNull
    private String text(String key) throws CredentialsConvertionException {
        Map<String, String> data = secret.getData();
        try {
            return data == null
                    ? null
                    : KubernetesVersionedSecret.decode(data.get(SecretUtils.getKeyName(secret, key)));
        } catch (IOException e) {
            throw new CredentialsConvertionException("the key ‘" + key + "’: " + e.getMessage(), e);
        }
    }
}
