package io.jenkins.plugins.vcftoken.bench;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials;
import com.sun.net.httpserver.HttpServer;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import groovy.lang.Binding;
import groovy.lang.GroovyShell;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import jenkins.model.Jenkins;

/**
 * Similar plugins for comparison, if the profile {@code peers} has added them, and a stub of their servers. The stub
 * uses plain HTTP, which favors these plugins.
 */
final class JenkinsPeers implements AutoCloseable {

    private static final String ACCESS_TOKEN = "b".repeat(300);

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, String> blocks = new LinkedHashMap<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicLong delay = new AtomicLong();

    JenkinsPeers() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            String path = exchange.getRequestURI().getPath();
            String answer = answer(path);
            pause();
            byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(path.endsWith("/access_tokens") ? 201 : 200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        String url = "http://localhost:" + server.getAddress().getPort();
        if (isInstalled("com.datapipe.jenkins.vault.VaultBindingStep")) {
            runGroovy(
                    "import com.cloudbees.plugins.credentials.*\n"
                            + "SystemCredentialsProvider.instance.credentials.add(\n"
                            + "  new com.datapipe.jenkins.vault.credentials.VaultTokenCredential(\n"
                            + "    CredentialsScope.GLOBAL, 'vault', '', hudson.util.Secret.fromString('root')))",
                    "");
            blocks.put(
                    "withVault (hashicorp-vault 379)",
                    "withVault(configuration: [vaultUrl: '" + url + "', vaultCredentialId: 'vault', engineVersion: 1],"
                            + " vaultSecrets: [[path: 'secret/ci', secretValues:"
                            + " [[envVar: 'TOKEN', vaultKey: 'token']]]])");
        }
        if (isInstalled("org.jenkinsci.plugins.github_branch_source.GitHubAppCredentials")) {
            runGroovy(
                    "import com.cloudbees.plugins.credentials.*\n"
                            + "def app = new org.jenkinsci.plugins.github_branch_source.GitHubAppCredentials(\n"
                            + "  CredentialsScope.GLOBAL, 'app', '', '1', hudson.util.Secret.fromString(key))\n"
                            + "app.apiUri = '" + url + "'\n"
                            + "SystemCredentialsProvider.instance.credentials.add(app)",
                    newPrivateKey());
            blocks.put(
                    "withCredentials of a GitHub App (github-branch-source 1936)",
                    "withCredentials([usernamePassword(credentialsId: 'app', usernameVariable: 'U',"
                            + " passwordVariable: 'P')])");
        }
    }

    /** Start of a Pipeline block, by the name of the plugin. */
    Map<String, String> blocks() {
        return blocks;
    }

    int requests() {
        return requests.get();
    }

    /** Credential of the GitHub App; null if the plugin is not installed. */
    @CheckForNull
    StandardUsernamePasswordCredentials app() {
        return SystemCredentialsProvider.getInstance().getCredentials().stream()
                .filter(StandardUsernamePasswordCredentials.class::isInstance)
                .map(StandardUsernamePasswordCredentials.class::cast)
                .findFirst()
                .orElse(null);
    }

    /** Clears the cached token of the GitHub App. */
    void clearCachedToken() {
        runGroovy(
                "def app = com.cloudbees.plugins.credentials.SystemCredentialsProvider.instance.credentials.find {"
                        + " it.id == 'app' }\n"
                        + "def field = app.class.getDeclaredField('cachedToken')\nfield.accessible = true\n"
                        + "field.set(app, null)",
                "");
    }

    private static boolean isInstalled(String type) {
        try {
            Jenkins.get().getPluginManager().uberClassLoader.loadClass(type);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static void runGroovy(String script, String key) {
        Binding binding = new Binding();
        binding.setVariable("key", key);
        new GroovyShell(Jenkins.get().getPluginManager().uberClassLoader, binding).evaluate(script);
    }

    private static String newPrivateKey() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        byte[] key = generator.generateKeyPair().getPrivate().getEncoded();
        return "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key) + "\n-----END PRIVATE KEY-----\n";
    }

    private static String answer(String path) {
        if (path.startsWith("/v1/")) {
            return "{\"request_id\":\"1\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":3600,"
                    + "\"data\":{\"token\":\"" + ACCESS_TOKEN + "\"}}";
        }
        if (path.endsWith("/access_tokens")) {
            return "{\"token\":\"" + ACCESS_TOKEN + "\",\"expires_at\":\""
                    + Instant.now().plus(1, ChronoUnit.HOURS).truncatedTo(ChronoUnit.SECONDS)
                    + "\",\"permissions\":{\"contents\":\"read\"},\"repository_selection\":\"all\"}";
        }
        String installation = "{\"id\":1,\"account\":{\"login\":\"acme\",\"id\":1,\"type\":\"Organization\"},"
                + "\"permissions\":{\"contents\":\"read\"},\"events\":[],\"repository_selection\":\"all\","
                + "\"target_type\":\"Organization\",\"app_id\":1}";
        if (path.endsWith("/installations")) {
            return '[' + installation + ']';
        }
        return "{\"id\":1,\"name\":\"app\",\"owner\":{\"login\":\"acme\",\"id\":1},\"permissions\":{},\"events\":[],"
                + "\"installations_count\":1}";
    }

    void setDelay(long millis) {
        delay.set(millis);
    }

    private void pause() throws IOException {
        try {
            Thread.sleep(delay.get());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
