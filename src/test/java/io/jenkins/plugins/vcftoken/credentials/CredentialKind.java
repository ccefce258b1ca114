package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.CredentialsDescriptor;
import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.ExtensionList;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.beans.Introspector;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kohsuke.stapler.ClassDescriptor;
import org.kohsuke.stapler.DataBoundSetter;

/** Credential kind of this plugin with its properties and a sample. */
record CredentialKind(CredentialsDescriptor descriptor) {

    /** Fields of all Jenkins credentials. */
    private static final Set<String> COMMON_FIELDS = Set.of("scope", "id", "description");

    static List<CredentialKind> all() {
        return ExtensionList.lookup(CredentialsDescriptor.class).stream()
                .filter(descriptor -> AbstractVcfCredentials.class.isAssignableFrom(descriptor.clazz))
                .map(CredentialKind::new)
                .toList();
    }

    /**
     * Creates a credential for an account of the simulator, without default values. Extend this method for a new kind.
     *
     * @param id also part of the secret, so that each sample has a different secret
     */
    AbstractVcfCredentials sample(String id, Simulator simulator) {
        String url = simulator.url().toString();
        Secret secret = Secret.fromString("Aa1-secret-of-" + id);
        CredentialsScope scope = CredentialsScope.GLOBAL;
        AbstractVcfCredentials sample;
        if (descriptor.clazz == VcfaServiceAccount.class) {
            Secret token = Secret.fromString(simulator.addAccount(id, "acme"));
            VcfaServiceAccount account = new VcfaServiceAccount(scope, id, "a sample", url, "acme", token);
            account.setClientId("3f0b7a52-6a0c-4d5e-9b1e-2f7c8d9e0a11");
            sample = account;
        } else if (descriptor.clazz == SddcManagerUser.class) {
            simulator.sddcManager().addApiKey(secret.getPlainText());
            SddcManagerUser user = new SddcManagerUser(scope, id, "a sample", url);
            user.setUsername("svc@vsphere.local");
            user.setPassword(Secret.fromString("Aa1-password-of-" + id));
            user.setApiKey(secret);
            sample = user;
        } else if (descriptor.clazz == CspApiToken.class) {
            simulator.cloudServices().addApiToken(secret.getPlainText(), Instant.parse("2099-01-01T00:00:00Z"));
            sample = new CspApiToken(scope, id, "a sample", url, secret);
        } else if (descriptor.clazz == CspOAuthApp.class) {
            String organization = "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11";
            simulator.cloudServices().addApp("app-" + id, secret.getPlainText(), organization);
            CspOAuthApp app = new CspOAuthApp(scope, id, "a sample", url, "app-" + id, secret);
            app.setOrganizationId(organization);
            app.setScopes("csp:org_member");
            app.setAccessTokenValiditySeconds(1200);
            sample = app;
        } else if (descriptor.clazz == VcfSsoApiToken.class) {
            simulator
                    .vcfSso()
                    .addApiToken("FLEET", "client-of-ci", secret.getPlainText(), Instant.parse("2099-01-01T00:00:00Z"));
            VcfSsoApiToken token = new VcfSsoApiToken(scope, id, "a sample", url, secret);
            token.setTenant("FLEET");
            token.setExpiresOn("2099-01-01");
            token.setRegenerateDaysBefore(7);
            sample = token;
        } else if (descriptor.clazz == VcfOperationsUser.class) {
            simulator.vcfOperations().addUser("svc-" + id, "corp.example.com", secret.getPlainText());
            VcfOperationsUser user = new VcfOperationsUser(scope, id, "a sample", url, "svc-" + id, secret);
            user.setAuthSource("corp.example.com");
            sample = user;
        } else {
            throw new AssertionError("Add a sample of " + descriptor.clazz);
        }
        sample.setCaCertificates(simulator.authorityPem().trim());
        sample.setSkipTlsVerification(true);
        return sample;
    }

    String symbol() {
        return Introspector.decapitalize(descriptor.clazz.getSimpleName());
    }

    /** Field names, including those of {@link AbstractVcfCredentials}. */
    List<String> fields() {
        List<String> fields =
                new ArrayList<>(Arrays.asList(new ClassDescriptor(descriptor.clazz).loadConstructorParamNames()));
        for (Class<?> type = descriptor.clazz; type != null; type = type.getSuperclass()) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.isAnnotationPresent(DataBoundSetter.class)) {
                    fields.add(Character.toLowerCase(method.getName().charAt(3))
                            + method.getName().substring(4));
                }
            }
        }
        fields.removeAll(COMMON_FIELDS);
        return fields.stream().distinct().sorted().toList();
    }

    Method getter(String field) throws NoSuchMethodException {
        String name = Character.toUpperCase(field.charAt(0)) + field.substring(1);
        try {
            return descriptor.clazz.getMethod("get" + name);
        } catch (NoSuchMethodException e) {
            return descriptor.clazz.getMethod("is" + name);
        }
    }

    /** Field values, with secrets in plain text. */
    Map<String, Object> values(Object credential) throws NoSuchMethodException, IllegalAccessException {
        Map<String, Object> values = new LinkedHashMap<>();
        List<String> all = new ArrayList<>(fields());
        all.addAll(COMMON_FIELDS);
        for (String field : all) {
            try {
                Object value = getter(field).invoke(credential);
                values.put(field, value instanceof Secret secret ? secret.getPlainText() : value);
            } catch (InvocationTargetException e) {
                throw new AssertionError(field, e);
            }
        }
        return values;
    }

    List<String> secrets(Object credential) throws NoSuchMethodException, IllegalAccessException {
        List<String> secrets = new ArrayList<>();
        for (String field : fields()) {
            if (getter(field).getReturnType() == Secret.class) {
                secrets.add((String) values(credential).get(field));
            }
        }
        return secrets;
    }

    @Override
    public String toString() {
        return symbol();
    }
}
