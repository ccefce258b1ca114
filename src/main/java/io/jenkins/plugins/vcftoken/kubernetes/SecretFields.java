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
 * The data of a Kubernetes Secret as the parameters of a credential: the keys are those of configuration as code, so each
 * kind has what its constructor and its setters take.
 */
final class SecretFields {

    private static final String TYPE = "jenkins.io/credentials-type";

    private final io.fabric8.kubernetes.api.model.Secret secret;

    SecretFields(io.fabric8.kubernetes.api.model.Secret secret) {
        this.secret = secret;
    }

    /** @return the class with this symbol; null when this plugin has no such kind */
    @CheckForNull
    static Class<? extends AbstractVcfCredentials> findKind(String symbol) {
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

    /** @throws CredentialsConvertionException when a value is missing or cannot be read */
    AbstractVcfCredentials credential() throws CredentialsConvertionException {
        String type = secret.getMetadata().getLabels().get(TYPE);
        Class<? extends AbstractVcfCredentials> kind = findKind(type);
        if (kind == null) {
            throw new CredentialsConvertionException("no kind of credential: " + type);
        }
        try {
            Constructor<?> constructor = Arrays.stream(kind.getConstructors())
                    .filter(candidate -> candidate.isAnnotationPresent(DataBoundConstructor.class))
                    .findFirst()
                    .orElseThrow();
            AbstractVcfCredentials credential = kind.cast(constructor.newInstance(arguments(constructor)));
            for (Method setter : kind.getMethods()) {
                String key = property(setter);
                if (setter.isAnnotationPresent(DataBoundSetter.class) && text(key) != null) {
                    setter.invoke(credential, value(key, setter.getParameterTypes()[0]));
                }
            }
            return credential;
        } catch (ReflectiveOperationException e) {
            throw new CredentialsConvertionException("the kind " + type + " cannot be made", e);
        }
    }

    private Object[] arguments(Constructor<?> constructor) throws CredentialsConvertionException {
        Parameter[] parameters = constructor.getParameters();
        Object[] arguments = new Object[parameters.length];
        for (int i = 0; i < parameters.length; i++) {
            String key = parameters[i].getName();
            arguments[i] = switch (key) {
                // From labels, annotations and the name of the Secret, by the rules of the credentials provider.
                case "scope" -> SecretUtils.getCredentialScope(secret);
                case "id" -> SecretUtils.getCredentialId(secret);
                case "description" -> SecretUtils.getCredentialDescription(secret);
                default -> required(key, parameters[i].getType());
            };
        }
        return arguments;
    }

    /** A text that the constructor takes is required; a secret may be missing, as in a form. */
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

    private static String property(Method setter) {
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
        return type == int.class ? (Object) number(key, text) : text;
    }

    private static int number(String key, @CheckForNull String text) throws CredentialsConvertionException {
        try {
            return isBlank(text) ? 0 : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new CredentialsConvertionException("the key ‘" + key + "’ is no number", e);
        }
    }

    /** Ciphertext of this controller would be decrypted by Jenkins, and sent to the server. */
    private Secret secret(String key) throws CredentialsConvertionException {
        String text = text(key);
        if (text != null && Secret.decrypt(text) != null) {
            throw new CredentialsConvertionException(
                    "the key ‘" + key + "’ has an encrypted secret of this controller");
        }
        return Secret.fromString(text);
    }

    /** @return null when the Secret has no such key */
    @CheckForNull
    private String text(String key) throws CredentialsConvertionException {
        Map<String, String> data = secret.getData();
        try {
            return data == null
                    ? null
                    : KubernetesVersionedSecret.decoded(data.get(SecretUtils.getKeyName(secret, key)));
        } catch (IOException e) {
            throw new CredentialsConvertionException("the key ‘" + key + "’: " + e.getMessage(), e);
        }
    }
}
