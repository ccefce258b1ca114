package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.cli.CLICommandInvoker;
import hudson.model.Item;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.MockAuthorizationStrategy;

/** Output, exit codes and permissions of the CLI commands. */
class TokenCommandsJenkinsTest extends JenkinsSharedTestBase {

    private static final int BAD_ARGUMENT = 3;
    private static final int FAILED = 5;
    private static final int ACCESS_DENIED = 6;

    @TempDir
    private Path saved;

    @BeforeEach
    void prepare() throws Exception {
        fixture.addToSystem(fixture.account("global", simulator.addAccount("ci", "acme")));
        Folder folder = jenkins.createProject(Folder.class, "team");
        JenkinsAccount.findStore(folder)
                .addCredentials(Domain.global(), fixture.account("shared", simulator.addAccount("two", "acme")));
        jenkins.createFreeStyleProject("job");
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin")
                .grant(Jenkins.READ, Item.READ)
                .everywhere()
                .to("owner", "reader", "viewer")
                .grant(Jenkins.READ)
                .everywhere()
                .to("outsider")
                .grant(CredentialsProvider.VIEW)
                .everywhere()
                .to("viewer")
                .grant(CredentialsProvider.VIEW, CredentialsProvider.UPDATE)
                .onFolders(folder)
                .to("owner"));
    }

    @Test
    void list_printsOneLineForEachCredential() throws Exception {
        assertThat(run("admin", "list-vcf-tokens").stdout().lines())
                .containsExactlyInAnyOrder("global\tsystem\tNOT_USED\t\t", "shared\tfolder:team\tNOT_USED\t\t");
        assertThat(run("admin", "list-vcf-tokens", "global").stdout().lines())
                .containsExactly("global\tsystem\tNOT_USED\t\t");
        assertThat(run("owner", "list-vcf-tokens", "--folder", "team").stdout().lines())
                .containsExactly("shared\tfolder:team\tNOT_USED\t\t");

        assertThat(run("admin", "renew-vcf-token", "global").returnCode()).isZero();
        CLICommandInvoker.Result renewed = run("admin", "list-vcf-tokens", "global");
        assertThat(renewed.returnCode()).isZero();
        assertThat(renewed.stdout()).matches("global\tsystem\tREADY\t[0-9T:Z-]+\t\\R");
        Files.writeString(saved.resolve("list"), renewed.stdout());
        SecretSweep.assertNone(simulator, saved);
    }

    @Test
    void renew_requestsOnceAndLogsTheUser() throws Exception {
        try (JenkinsAuditEvents audit = new JenkinsAuditEvents(Level.INFO)) {
            CLICommandInvoker.Result result = run("owner", "renew-vcf-token", "shared", "--folder", "team");
            assertThat(result.returnCode()).as(result.stderr()).isZero();
            assertThat(audit.only("renew")).containsEntry("by", "user owner").containsEntry("credential", "shared");
        }
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void renew_withoutAnAccessToken_printsTheReason() throws Exception {
        simulator.inject(Fault.STATUS_502);
        CLICommandInvoker.Result result = run("admin", "renew-vcf-token", "global");
        assertThat(result.returnCode()).isEqualTo(FAILED);
        assertThat(result.stderr()).contains("Credential ‘global’", "HTTP 502");
        assertThat(run("admin", "list-vcf-tokens", "global").stdout())
                .startsWith("global\tsystem\tAWAITING_RETRY\t\t")
                .contains("HTTP 502");
    }

    @Test
    void unknownCredentialOrFolder_isABadArgument() throws Exception {
        for (String command : new String[] {"list-vcf-tokens", "renew-vcf-token"}) {
            CLICommandInvoker.Result elsewhere = run("admin", command, "shared");
            assertThat(elsewhere.returnCode()).isEqualTo(BAD_ARGUMENT);
            assertThat(elsewhere.stderr()).contains("‘shared’", "--folder");
            CLICommandInvoker.Result job = run("admin", command, "shared", "--folder", "job");
            assertThat(job.returnCode()).isEqualTo(BAD_ARGUMENT);
            assertThat(job.stderr()).contains("‘job’ is not a folder");
        }
        assertThat(simulator.requests()).isZero();
    }

    /** Without permission to view a folder, the exit code is the same as for a folder that does not exist. */
    @Test
    void commands_requireThePermissionsOfThePages() throws Exception {
        for (String user : new String[] {"reader", "owner", "outsider"}) {
            assertThat(run(user, "list-vcf-tokens").returnCode()).as(user).isEqualTo(ACCESS_DENIED);
            assertThat(run(user, "renew-vcf-token", "global").returnCode())
                    .as(user)
                    .isEqualTo(ACCESS_DENIED);
        }
        assertThat(run("reader", "list-vcf-tokens", "--folder", "team").returnCode())
                .isEqualTo(ACCESS_DENIED);
        assertThat(run("viewer", "list-vcf-tokens", "shared", "--folder", "team")
                        .returnCode())
                .isZero();
        assertThat(run("viewer", "renew-vcf-token", "shared", "--folder", "team")
                        .returnCode())
                .isEqualTo(ACCESS_DENIED);
        int hidden =
                run("outsider", "renew-vcf-token", "shared", "--folder", "team").returnCode();
        assertThat(hidden)
                .isNotZero()
                .isEqualTo(run("outsider", "renew-vcf-token", "shared", "--folder", "nowhere")
                        .returnCode());
        assertThat(simulator.requests()).isZero();
    }

    private CLICommandInvoker.Result run(String user, String command, String... arguments) {
        return new CLICommandInvoker(jenkins, command).asUser(user).invokeWithArgs(arguments);
    }
}
