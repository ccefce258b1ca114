package io.jenkins.plugins.vcftoken.demo;

import com.lesfurets.jenkins.unit.PipelineTestHelper;
import groovy.lang.Binding;
import groovy.lang.Closure;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Runs Jenkinsfiles with JenkinsPipelineUnit. Implements the steps that the samples use, with real shells and access
 * tokens.
 */
final class PipelineRunner {

    private final DemoController controller;
    private final MaskingConsole console;
    private final String url;
    private final Path workspace;
    private final Map<String, String> environment;
    private final Deque<Supplier<Map<String, String>>> blocks = new ArrayDeque<>();
    private final PipelineTestHelper helper;

    /** Arguments of {@code withVcfToken} in the options of a declarative pipeline; null if absent. */
    private Map<?, ?> option;

    PipelineRunner(DemoController controller, MaskingConsole console, String url, Path workspace, Map<String, String> environment) {
        this.controller = controller;
        this.console = console;
        this.url = url;
        this.workspace = workspace;
        this.environment = environment;
        this.helper = new PipelineTestHelper();
    }

    void run(Path jenkinsfile) throws Exception {
        console.println("");
        console.println("---- " + jenkinsfile.getFileName());
        helper.setScriptRoots(jenkinsfile.toAbsolutePath().getParent().toString());
        helper.setBaseScriptRoot("/");
        helper.setScriptExtension("Jenkinsfile");
        helper.setBaseClassloader(getClass().getClassLoader());
        helper.init();
        for (String block : List.of("node", "pipeline", "options", "steps")) {
            step(block, List.of(Closure.class), arguments -> call(arguments[0]));
        }
        step("agent", List.of(Object.class), arguments -> null);
        step(
                "stages",
                List.of(Closure.class),
                arguments -> option == null ? call(arguments[0]) : withVcfToken(option, arguments[0]));
        step("stage", List.of(String.class, Closure.class), arguments -> {
            console.println("[Pipeline] { (" + arguments[0] + ")");
            return call(arguments[1]);
        });
        step("sh", List.of(String.class), arguments -> sh((String) arguments[0]));
        step("sleep", List.of(Map.class), arguments -> sleep((Map<?, ?>) arguments[0]));
        step("withVcfToken", List.of(Map.class), arguments -> option = (Map<?, ?>) arguments[0]);
        step(
                "withVcfToken",
                List.of(Map.class, Closure.class),
                arguments -> withVcfToken((Map<?, ?>) arguments[0], arguments[1]));
        step("headerFile", List.of(Map.class), arguments -> arguments[0]);
        step("headerFile", List.of(String.class), arguments -> Map.of("variable", arguments[0]));
        step("string", List.of(Map.class), arguments -> arguments[0]);
        step(
                "withCredentials",
                List.of(List.class, Closure.class),
                arguments -> withCredentials((Map<?, ?>) ((List<?>) arguments[0]).get(0), arguments[1]));
        helper.runScript(jenkinsfile.getFileName().toString(), new Binding(Map.of("any", "any")));
    }

    private Object withVcfToken(Map<?, ?> step, Object body) throws Exception {
        String tokenVariable = text(step, "tokenVariable", "VCF_TOKEN");
        String urlVariable = text(step, "urlVariable", "VCF_URL");
        console.println("[Pipeline] withVcfToken");
        List<?> headerFiles = step.get("bindings") instanceof List<?> bindings ? bindings : List.of();
        Block owner = new Block(headerFiles);
        try (Lease lease =
                controller.open(text(step, "credentialsId", ""), text(step, "organization", ""), owner)) {
            return block(
                    () -> {
                        Map<String, String> variables = new HashMap<>(owner.files);
                        variables.put(tokenVariable, lease.accessToken().value());
                        variables.put(urlVariable, url);
                        return variables;
                    },
                    body);
        }
    }

    /** Replaces the file of a {@code headerFile} binding atomically, because a process may read it at the same time. */
    private String writeHeaderFile(Map<?, ?> headerFile, AccessToken accessToken) {
        Path file = workspace.resolve(text(headerFile, "variable", "")).toAbsolutePath();
        String header = "Authorization: " + text(headerFile, "scheme", "Bearer") + ' ' + accessToken.value() + '\n';
        try {
            Path next = Files.writeString(file.resolveSibling(file.getFileName() + ".next"), header);
            return Files.move(next, file, StandardCopyOption.ATOMIC_MOVE).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Object withCredentials(Map<?, ?> binding, Object body) throws Exception {
        console.println("[Pipeline] withCredentials");
        try (Lease lease = controller.open(text(binding, "credentialsId", ""), "", new Block(List.of()))) {
            Map<String, String> fixed =
                    Map.of(text(binding, "variable", ""), lease.accessToken().value());
            return block(() -> fixed, body);
        }
    }

    private Object block(Supplier<Map<String, String>> variables, Object body) {
        blocks.push(variables);
        try {
            return call(body);
        } finally {
            blocks.pop();
        }
    }

    private Object sh(String script) throws IOException, InterruptedException {
        console.println("[Pipeline] sh");
        ProcessBuilder shell = new ProcessBuilder("sh", "-xec", script).directory(workspace.toFile());
        shell.environment().putAll(environment);
        blocks.descendingIterator()
                .forEachRemaining(block -> shell.environment().putAll(block.get()));
        Process process = shell.redirectErrorStream(true).start();
        try (BufferedReader output = process.inputReader()) {
            output.lines().forEach(console::println);
        }
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException("script returned exit code " + status);
        }
        return null;
    }

    /** Supports named arguments only: {@code sleep} with a number would call the method of Groovy. */
    private Object sleep(Map<?, ?> step) throws InterruptedException {
        TimeUnit unit = TimeUnit.valueOf(text(step, "unit", "SECONDS"));
        console.println("[Pipeline] sleep");
        console.println("Sleeping for " + step.get("time") + " " + unit);
        unit.sleep(Long.parseLong(text(step, "time", "0")));
        return null;
    }

    private static String text(Map<?, ?> map, String key, String defaultValue) {
        return map.get(key) == null ? defaultValue : map.get(key).toString();
    }

    private static Object call(Object body) {
        return ((Closure<?>) body).call();
    }

    private void step(String name, List<Class<?>> parameters, Step step) {
        helper.registerAllowedMethod(name, List.copyOf(parameters), new Closure<Object>(this) {
            @SuppressWarnings("unused") // Groovy calls it
            public Object doCall(Object... arguments) throws Exception {
                return step.run(arguments);
            }
        });
    }

    private interface Step {
        Object run(Object[] arguments) throws Exception;
    }

    /** Block that uses a lease; masks each access token and writes its files before the steps can use it. */
    private final class Block implements LeaseOwnerCallback {

        private final List<?> headerFiles;

        /** Paths of the header files, by variable. */
        private final Map<String, String> files = new ConcurrentHashMap<>();

        private int accessTokens;

        private Block(List<?> headerFiles) {
            this.headerFiles = headerFiles;
        }

        @Override
        public String displayName() {
            return "demonstration";
        }

        @Override
        public void beforePublish(AccessToken accessToken) {
            console.mask(accessToken.value());
            console.println("[demo] access token " + ++accessTokens + " of this block, good until "
                    + accessToken.expiresAt().truncatedTo(ChronoUnit.SECONDS));
            for (Object each : headerFiles) {
                Map<?, ?> headerFile = (Map<?, ?>) each;
                files.put(text(headerFile, "variable", ""), writeHeaderFile(headerFile, accessToken));
            }
        }

        @Override
        public void warn(String message) {
            console.println("[demo] " + message);
        }
    }
}
