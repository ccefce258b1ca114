package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.NonNull;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/** Jenkins in a separate process. Omitting the plugins that a test does not need halves the startup time. */
public final class JenkinsProcess {

    private static final List<String> KUBERNETES = List.of("kubernetes-client-api", "kubernetes-credentials-provider");

    /** Plugins for tests of pages and configuration. */
    private static final List<String> PAGES = List.of(
            "antisamy-markup-formatter",
            "bootstrap5-api",
            "configuration-as-code",
            "dark-theme",
            "font-awesome-api",
            "job-dsl",
            "plugin-util-api",
            "prism-api",
            "support-core",
            "theme-manager");

    private static final List<String> DECLARATIVE = List.of(
            "branch-api",
            "pipeline-groovy-lib",
            "pipeline-input-step",
            "pipeline-model-api",
            "pipeline-model-definition",
            "pipeline-model-extensions",
            "pipeline-stage-step",
            "pipeline-stage-tags-metadata",
            "workflow-multibranch");

    private static final List<String> SCRIPTED = List.of(
            "durable-task",
            "workflow-basic-steps",
            "workflow-cps",
            "workflow-durable-task-step",
            "workflow-job",
            "workflow-scm-step");

    private JenkinsProcess() {}

    public static RealJenkinsExtension withDeclarativePipelines() {
        return without(KUBERNETES, PAGES);
    }

    public static RealJenkinsExtension withScriptedPipelines() {
        return without(KUBERNETES, PAGES, DECLARATIVE);
    }

    public static RealJenkinsExtension withoutPipelines() {
        return without(KUBERNETES, PAGES, DECLARATIVE, SCRIPTED);
    }

    /** Without Pipelines, with credentials from Kubernetes Secrets. */
    public static RealJenkinsExtension withKubernetes() {
        return without(PAGES, DECLARATIVE, SCRIPTED);
    }

    /**
     * Replaces the plugin by the {@code .hpi} of the offline build.
     *
     * @return false if the offline build has not run
     */
    static boolean installOfflineBuild(RealJenkinsExtension controller) throws IOException {
        Path hpi = Path.of("offline", "plugin", "target", "vcf-token.hpi");
        if (!Files.exists(hpi)) {
            return false;
        }
        Path plugins = controller.getHome().toPath().resolve("plugins");
        Files.delete(plugins.resolve("vcf-token.jpl"));
        Files.copy(hpi, plugins.resolve("vcf-token.jpi"));
        return true;
    }

    @SafeVarargs
    private static RealJenkinsExtension without(List<String>... plugins) {
        return new WithIdentityKey()
                .javaOptions("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
                .omitPlugins(Stream.of(plugins).flatMap(List::stream).toArray(String[]::new));
    }

    private static final class WithIdentityKey extends RealJenkinsExtension {

        @Override
        public void beforeEach(@NonNull ExtensionContext context) throws Exception {
            super.beforeEach(context);
            JenkinsIdentityKey.write(getHome().toPath());
        }
    }
}
