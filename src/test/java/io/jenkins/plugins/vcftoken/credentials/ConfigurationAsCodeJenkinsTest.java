package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.util.Secret;
import io.jenkins.plugins.casc.ConfigurationAsCode;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
class ConfigurationAsCodeJenkinsTest {

    @TempDir
    private Path directory;

    private JenkinsAndSimulator fixture;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private WorkflowJob job;

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        fixture = new JenkinsAndSimulator(rule, simulator);
        job = fixture.job(rule.jenkins, "job", "sa");
    }

    @AfterEach
    void stop() {
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void reload_afterRotations_keepsTheRotatedToken() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        Path yaml = yaml(simulator.addAccount("ci", "acme"));
        for (int reload = 1; reload <= 100; reload++) {
            ConfigurationAsCode.get().configure(yaml.toString());
            if (reload % 5 == 0) {
                fixture.build(job);
                fixture.sleepUntilRenewalIsDue();
            }
        }
        fixture.awaitInSystem("sa");
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(20);
    }

    @Test
    void export_containsTheCurrentTokenEncrypted() throws Exception {
        ConfigurationAsCode.get()
                .configure(yaml(simulator.addAccount("ci", "acme")).toString());
        fixture.build(job);
        fixture.awaitInSystem("sa");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ConfigurationAsCode.get().export(out);
        String exported = out.toString(StandardCharsets.UTF_8);
        assertThat(exported).doesNotContain(simulator.currentToken("ci"));
        Matcher token = Pattern.compile("vcfaServiceAccount:.*?refreshToken: \"(\\{[^\"]*})\"", Pattern.DOTALL)
                .matcher(exported);
        assertThat(token.find()).isTrue();
        assertThat(Secret.decrypt(token.group(1)).getPlainText()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void reload_withNewInitialToken_startsANewFamily() throws Exception {
        simulator.setLifetime(Duration.ofHours(1));
        ConfigurationAsCode.get()
                .configure(yaml(simulator.addAccount("ci", "acme")).toString());
        fixture.build(job);
        ConfigurationAsCode.get().configure(yaml(simulator.reauthorize("ci")).toString());
        fixture.build(job);
        assertThat(simulator.grants()).isEqualTo(2);
        fixture.awaitInSystem("sa");
    }

    @Test
    void reload_withAnotherId_usesTheNewestToken() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        String initialToken = simulator.addAccount("ci", "acme");
        ConfigurationAsCode.get().configure(yaml(initialToken).toString());
        fixture.build(job);
        fixture.awaitInSystem("sa");
        fixture.sleepUntilRenewalIsDue();
        Path renamed = yaml(initialToken);
        Files.writeString(renamed, Files.readString(renamed).replace("id: sa", "id: renamed"));
        for (int reload = 0; reload < 3; reload++) {
            ConfigurationAsCode.get().configure(renamed.toString());
            fixture.use(job, "renamed");
            fixture.build(job);
            fixture.awaitInSystem("renamed");
            fixture.sleepUntilRenewalIsDue();
        }
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(3);
    }

    static Path writeYaml(Path directory, Simulator simulator, String initialToken) throws Exception {
        return Files.writeString(directory.resolve("jenkins.yaml"), """
                credentials:
                  system:
                    domainCredentials:
                    - credentials:
                      - vcfaServiceAccount:
                          scope: GLOBAL
                          id: sa
                          description: from code
                          url: "%s"
                          organization: acme
                          refreshToken: "%s"
                          caCertificates: "%s"
                """.formatted(
                simulator.url(), initialToken, simulator.authorityPem().trim().replace("\n", "\\n")));
    }

    private Path yaml(String initialToken) throws Exception {
        return writeYaml(directory, simulator, initialToken);
    }
}
