package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import hudson.model.Item;
import hudson.security.Permission;
import io.jenkins.plugins.vcftoken.DeviceFlowRegistry;
import io.jenkins.plugins.vcftoken.DeviceFlowSession;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSingleCredentialProvider;
import io.jenkins.plugins.vcftoken.oauth.DeviceFlow.State;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.time.Duration;
import java.util.List;
import jenkins.model.Jenkins;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.util.NameValuePair;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.springframework.security.core.Authentication;

/** A store that does not grant permission to update: actions require that permission on the store's owner. */
@WithJenkins
class ReadOnlyStoreJenkinsTest {

    private static final String PAGE = "job/team/vcf-tokens/credential/vaulted/";

    @Test
    void renewAndAuthorize_inAReadOnlyStore_requirePermissionOnItsOwner(JenkinsRule jenkins) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            simulator.devices().setInterval(Duration.ofSeconds(1));
            Folder folder = jenkins.createProject(Folder.class, "team");
            ReadOnlyProvider provider =
                    jenkins.jenkins.getExtensionList(ReadOnlyProvider.class).get(0);
            provider.context = folder;
            provider.credential =
                    new JenkinsAndSimulator(jenkins, simulator).account("vaulted", simulator.addAccount("ci", "acme"));
            jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
            jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                    .grant(Jenkins.READ, Item.READ, CredentialsProvider.VIEW)
                    .everywhere()
                    .to("owner", "viewer")
                    .grant(CredentialsProvider.UPDATE)
                    .onItems(folder)
                    .to("owner"));
            JenkinsPages pages = new JenkinsPages(jenkins);
            NameValuePair clientId =
                    new NameValuePair("clientId", simulator.devices().addAccount("ci", "acme"));

            for (String action : List.of("renew", "authorize/start", "authorize/cancel", "authorize/status")) {
                assertThat(pages.post("viewer", PAGE + action, clientId))
                        .as(action)
                        .isEqualTo(403);
            }
            assertThat(pages.get("viewer", PAGE + "authorize/")).isEqualTo(403);
            HtmlPage viewerPage = pages.as("viewer").goTo(PAGE);
            assertThat(viewerPage.getForms())
                    .noneMatch(form -> form.getNameAttribute().equals("renew"));
            assertThat(viewerPage.getAnchors())
                    .noneMatch(link -> link.getHrefAttribute().contains("authorize"));
            assertThat(simulator.requests() + simulator.devices().codes()).isZero();

            HtmlPage page = pages.as("owner").goTo(PAGE);
            assertThat(page.getFormByName("renew")).isNotNull();
            assertThat(page.getAnchors().stream()
                            .filter(link -> link.getHrefAttribute().contains("authorize"))
                            .findFirst()
                            .orElseThrow()
                            .click()
                            .getWebResponse()
                            .getStatusCode())
                    .isEqualTo(200);
            assertThat(pages.post("owner", PAGE + "renew")).isEqualTo(200);
            assertThat(simulator.grants()).isEqualTo(1);

            assertThat(pages.post("owner", PAGE + "authorize/start", clientId)).isEqualTo(200);
            assertThat(pages.post("owner", PAGE + "authorize/cancel")).isEqualTo(200);
            assertThat(pages.post("owner", PAGE + "authorize/start", clientId)).isEqualTo(200);
            assertThat(pages.post("owner", PAGE + "authorize/status")).isEqualTo(200);
            simulator.devices().decide(simulator.devices().lastUserCode(), true);
            DeviceFlowSession session = DeviceFlowRegistry.get().find(new CredentialLocation("folder:team", "vaulted"));
            JenkinsAndSimulator.await("authorized", () -> session.state() == State.GRANTED);
            assertThat(pages.as("owner").goTo(PAGE + "authorize/").asNormalizedText())
                    .contains("The credentials store is read-only");
        }
    }

    @TestExtension
    public static final class ReadOnlyProvider extends JenkinsSingleCredentialProvider {

        @Override
        protected boolean isAllowed(Authentication who, Permission permission) {
            return permission == CredentialsProvider.VIEW
                    && ((Folder) context).getACL().hasPermission2(who, permission);
        }

        @Override
        protected boolean update() {
            throw new UnsupportedOperationException();
        }
    }
}
