package io.jenkins.plugins.vcftoken.interop;

import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import okhttp3.tls.HeldCertificate;

/**
 * A real Kubernetes API server and its etcd as processes on the loopback address, with RBAC. {@code bin/interop}
 * installs both, and the kubectl for their administration.
 */
final class KubernetesApiServer implements AutoCloseable {

    /** The start includes the creation of the default roles, and is slow on a busy machine. */
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    /** The RBAC rule that the Kubernetes Credentials Provider plugin needs. */
    static final String READ = "{apiGroups: [''], resources: [secrets], verbs: [get, list, watch]}";

    private static final Duration TOKEN_LIFETIME = Duration.ofHours(24);
    private static final String ADMINISTRATOR_TOKEN = "administrator-of-the-tests";

    private final Path directory;
    private final Program kubectl = Program.require("kubectl");
    private final Program apiServer = Program.require("kube-apiserver");
    private final int port = freePort();
    private final String authorityPem;
    private final Path administrator;
    private final List<String> arguments;
    private final Program.Run etcd;
    private Program.Run running;

    /** Skips the test if the programs are not installed. */
    static KubernetesApiServer start(Path directory) throws IOException, InterruptedException {
        KubernetesApiServer server = new KubernetesApiServer(directory);
        try {
            server.restart();
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            server.close();
            throw e;
        }
        return server;
    }

    private KubernetesApiServer(Path directory) throws IOException {
        this.directory = directory;
        HeldCertificate authority =
                new HeldCertificate.Builder().certificateAuthority(0).build();
        // The API server cannot verify service account tokens with a PKCS#8 key, and PKCS#1 is RSA only.
        HeldCertificate certificate = new HeldCertificate.Builder()
                .rsa2048()
                .addSubjectAlternativeName("127.0.0.1")
                .signedBy(authority)
                .build();
        authorityPem = authority.certificatePem();
        administrator = kubeconfig("administrator", "default", ADMINISTRATOR_TOKEN);
        Path certificateFile = Files.writeString(directory.resolve("server.crt"), certificate.certificatePem());
        Path key = Files.writeString(directory.resolve("server.key"), certificate.privateKeyPkcs1Pem());
        Path tokens = Files.writeString(
                directory.resolve("tokens.csv"), ADMINISTRATOR_TOKEN + ",administrator,1,\"system:masters\"\n");
        String etcdUrl = "http://127.0.0.1:" + freePort();
        etcd = Program.require("etcd")
                .start(
                        directory,
                        Map.of(),
                        "--data-dir=" + directory.resolve("etcd"),
                        "--listen-client-urls=" + etcdUrl,
                        "--advertise-client-urls=" + etcdUrl,
                        "--listen-peer-urls=http://127.0.0.1:0",
                        // Only processes are killed, not the machine.
                        "--unsafe-no-fsync");
        arguments = List.of(
                "--etcd-servers=" + etcdUrl,
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--endpoint-reconciler-type=none",
                "--secure-port=" + port,
                "--cert-dir=" + directory,
                "--tls-cert-file=" + certificateFile,
                "--tls-private-key-file=" + key,
                "--service-cluster-ip-range=10.0.0.0/24",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-signing-key-file=" + key,
                "--service-account-key-file=" + key,
                "--token-auth-file=" + tokens,
                "--authorization-mode=RBAC");
    }

    /** Waits until the API server is ready. It has the objects from before it was stopped. */
    void restart() throws IOException, InterruptedException {
        running = apiServer.start(directory, Map.of(), arguments.toArray(String[]::new));
        long limit = System.nanoTime() + START_TIMEOUT.toNanos();
        while (kubectlAs(administrator, "get", "--raw=/readyz").code() != 0) {
            if (!running.process().isAlive() || System.nanoTime() > limit) {
                throw new IOException("the API server did not start: " + Files.readString(running.log())
                        + Files.readString(etcd.log()));
            }
            Thread.sleep(500);
        }
    }

    /** Version from the name of the folder, since the program reports the version of its source tree. */
    String version() throws IOException {
        return apiServer
                .file()
                .toRealPath()
                .getParent()
                .getFileName()
                .toString()
                .replaceFirst(".*-", "");
    }

    /** Kills the API server with SIGKILL. */
    void kill() {
        running.process().destroyForcibly().onExit().join();
    }

    /**
     * Creates a namespace with a service account for each controller.
     *
     * @param rules RBAC rules of the role of all service accounts
     */
    void applyNamespace(String name, List<String> serviceAccounts, String... rules)
            throws IOException, InterruptedException {
        StringBuilder manifest = new StringBuilder("""
                apiVersion: v1
                kind: Namespace
                metadata: {name: %s}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: vcf-token, namespace: %s}
                rules: [%s]
                """.formatted(name, name, String.join(", ", rules)));
        for (String account : serviceAccounts) {
            manifest.append("""
                    ---
                    apiVersion: v1
                    kind: ServiceAccount
                    metadata: {name: %s, namespace: %s}
                    ---
                    apiVersion: rbac.authorization.k8s.io/v1
                    kind: RoleBinding
                    metadata: {name: vcf-token-%s, namespace: %s}
                    subjects: [{kind: ServiceAccount, name: %s}]
                    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: vcf-token}
                    """.formatted(account, name, account, name, account));
        }
        apply(manifest.toString());
    }

    /** The RBAC rule that the plugin needs, for these Secrets only. */
    static String updateRule(List<String> secrets) {
        return "{apiGroups: [''], resources: [secrets], resourceNames: [%s], verbs: [get, update]}"
                .formatted(String.join(", ", secrets));
    }

    /** Creates an account, and a Secret for the Kubernetes Credentials Provider plugin. */
    void applyServiceAccount(String namespace, String id, Simulator simulator)
            throws IOException, InterruptedException {
        apply("""
                apiVersion: v1
                kind: Secret
                metadata:
                  name: %s
                  namespace: %s
                  labels: {jenkins.io/credentials-type: vcfaServiceAccount}
                stringData:
                  url: "%s"
                  organization: acme
                  refreshToken: "%s"
                  caCertificates: |
                    %s
                """.formatted(
                        id,
                        namespace,
                        simulator.url(),
                        simulator.addAccount(id, "acme"),
                        simulator.authorityPem().strip().replace("\n", "\n    ")));
    }

    void apply(String manifest) throws IOException, InterruptedException {
        Path file = Files.createTempFile(directory, "manifest", ".yaml");
        Files.writeString(file, manifest);
        kubectl("apply", "--filename=" + file);
    }

    void replaceToken(String namespace, String secret, String token) throws IOException, InterruptedException {
        String patch = "{\"stringData\":{\"refreshToken\":\"" + token + "\"}}";
        kubectl("patch", "secret/" + secret, "--namespace=" + namespace, "--patch=" + patch);
    }

    /** @return the output of kubectl */
    String kubectl(String... parameters) throws IOException, InterruptedException {
        return kubectlAs(administrator, parameters).success();
    }

    Program.Result kubectlAs(Path kubeconfig, String... parameters) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("--kubeconfig=" + kubeconfig, "--request-timeout=30s"));
        all.addAll(List.of(parameters));
        return kubectl.run(directory, Map.of(), all.toArray(String[]::new));
    }

    /** @return a kubeconfig file with a token of the existing service account */
    Path kubeconfig(String namespace, String serviceAccount) throws IOException, InterruptedException {
        String token = kubectl(
                "create",
                "token",
                serviceAccount,
                "--namespace=" + namespace,
                "--duration=" + TOKEN_LIFETIME.toSeconds() + "s");
        return kubeconfig(serviceAccount, namespace, token.strip());
    }

    private Path kubeconfig(String user, String namespace, String token) throws IOException {
        Path authorityFile = Files.writeString(directory.resolve("ca.pem"), authorityPem);
        return Files.writeString(directory.resolve(user + ".kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters:
                - name: test
                  cluster: {server: "https://127.0.0.1:%d", certificate-authority: "%s"}
                users:
                - name: %s
                  user: {token: "%s"}
                contexts:
                - name: test
                  context: {cluster: test, user: %s, namespace: %s}
                current-context: test
                """.formatted(
                        port, authorityFile, user, token, user, namespace));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        if (running != null) {
            kill();
        }
        etcd.process().destroyForcibly().onExit().join();
    }
}
