package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import hudson.ExtensionList;
import hudson.model.ModelObject;
import hudson.model.TaskListener;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Orphaned records are deleted later, possibly with the only copy of a token. */
@WithJenkins
class LedgerCleanupJenkinsTest {

    private Path ledger;

    @Test
    void record_isOrphanedOnlyWhenNoStoreHasItsCredential(JenkinsRule jenkins) throws Exception {
        ledger = jenkins.jenkins.getRootDir().toPath().resolve("vcf-token");
        runCleanup();
        assertThat(ledger).doesNotExist();
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("alice"));
        try (Simulator simulator = Simulator.start()) {
            JenkinsAndSimulator fixture = new JenkinsAndSimulator(jenkins, simulator);
            Folder folder = jenkins.createProject(Folder.class, "team").createProject(Folder.class, "inner");
            User alice = User.getById("alice", true);
            VcfaServiceAccount system = add(fixture, jenkins.jenkins, CredentialsScope.GLOBAL, "of-system");
            add(fixture, folder, CredentialsScope.GLOBAL, "of-folder");
            try (ACLContext as = ACL.as2(alice.impersonate2())) {
                add(fixture, alice, CredentialsScope.USER, "of-alice");
            }
            runCleanup();
            assertThat(orphaned()).isEmpty();

            CredentialsStore store = JenkinsAccount.findStore(jenkins.jenkins);
            Credentials rotated = store.getCredentials(Domain.global()).get(0);
            Credentials withTrailingSlash = fixture.account(
                    CredentialsScope.GLOBAL,
                    "of-system",
                    simulator.url() + "/",
                    system.getRefreshToken().getPlainText());
            assertThat(store.updateCredentials(Domain.global(), rotated, withTrailingSlash))
                    .isTrue();
            runCleanup();
            assertThat(orphaned()).isEmpty();

            store.removeCredentials(Domain.global(), withTrailingSlash);
            runCleanup();
            assertThat(orphaned()).containsExactly("of-system");
            folder.delete();
            alice.delete();
            runCleanup();
            assertThat(orphaned()).containsExactlyInAnyOrder("of-system", "of-folder", "of-alice");

            // The initial token is entered again.
            store.addCredentials(Domain.global(), system);
            runCleanup();
            assertThat(orphaned()).containsExactlyInAnyOrder("of-folder", "of-alice");
            assertThat(simulator.requests()).isEqualTo(3);
        }
    }

    private static VcfaServiceAccount add(
            JenkinsAndSimulator fixture, ModelObject owner, CredentialsScope scope, String id) throws Exception {
        VcfaServiceAccount account = fixture.account(
                scope, id, fixture.simulator.url().toString(), fixture.simulator.addAccount(id, "acme"));
        JenkinsAccount.findStore(owner).addCredentials(Domain.global(), account);
        VcfTokenService.get().issueWithoutLease(account);
        return account;
    }

    private static void runCleanup() throws Exception {
        ExtensionList.lookupSingleton(LedgerCleanup.class).execute(TaskListener.NULL);
    }

    private List<String> orphaned() throws Exception {
        List<String> orphaned = new ArrayList<>();
        try (Stream<Path> files = Files.list(ledger)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".json")).toList()) {
                JsonNode record = new ObjectMapper().readTree(file.toFile());
                if (record.path("orphaned").isTextual()) {
                    orphaned.add(record.at("/locations/0/credentialsId").asText());
                }
            }
        }
        return orphaned;
    }
}
