package io.jenkins.plugins.vcftoken.store;

import static io.jenkins.plugins.vcftoken.JenkinsAccount.findStore;
import static io.jenkins.plugins.vcftoken.store.JenkinsFolderCredentials.credentialIn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.hudson.plugins.folder.properties.FolderCredentialsProvider.FolderCredentialsProperty;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsUnavailableException;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.io.StringReader;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import javax.xml.transform.Source;
import javax.xml.transform.stream.StreamSource;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Credentials that are replaced, copied or moved while in use keep their own token. */
class CredentialLocatorJenkinsTest extends JenkinsSharedTestBase {

    private static final Domain OTHER_DOMAIN = new Domain("other", null, List.of());
    private static int folderCount;

    private String initialToken;

    @BeforeEach
    void addAccount() throws Exception {
        initialToken = simulator.addAccount("ci", "acme");
    }

    @AfterEach
    void stop() {
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void find_ofAnObjectReplacedByARotation_findsItsSuccessor() throws Exception {
        String otherToken = simulator.addAccount("other", "acme");
        folder("first", otherToken);
        Folder team = folder("team", initialToken);
        VcfCredentials credential = credentialIn(team);
        VcfTokenService.get().issueWithoutLease(credential);
        awaitToken(team);
        assertThat(credentialIn(team)).isNotSameAs(credential);
        VcfTokenService.get().renew(credential);
        assertThat(simulator.currentToken("other")).isEqualTo(otherToken);
        assertThat(simulator.rotations()).isEqualTo(2);
        awaitToken(team);
    }

    /** The object was replaced before its first use, so only its token identifies the credential. */
    @Test
    void find_ofAnObjectReplacedByAForm_findsTheOneWithItsToken() throws Exception {
        String otherToken = simulator.addAccount("other", "acme");
        folder("first", otherToken);
        Folder team = folder("team", initialToken);
        VcfCredentials credential = credentialIn(team);
        replaceToken(team, initialToken);
        VcfTokenService.get().issueWithoutLease(credential);
        assertThat(simulator.currentToken("other")).isEqualTo(otherToken);
        assertThat(simulator.rotations()).isEqualTo(1);
        awaitToken(team);
    }

    @Test
    void find_ofADeletedCredential_findsNoOtherOneWithItsId() throws Exception {
        String otherToken = simulator.addAccount("other", "acme");
        folder("first", otherToken);
        Folder team = folder("team", initialToken);
        VcfCredentials credential = credentialIn(team);
        findStore(team).removeCredentials(Domain.global(), credential);
        assertThatThrownBy(credential::getSecret)
                .isInstanceOf(CredentialsUnavailableException.class)
                .hasMessageContaining("not stored in the credentials");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void find_ofADeletedCredentialAuthorizedWhileEmpty_findsNoEmptyOneWithItsId() throws Exception {
        Folder team = folder("team", initialToken);
        VcfCredentials credential = credentialIn(team);
        CredentialLocation location = new CredentialLocation(StoreContext.folderName(team.getFullName()), "sa");
        VcfTokenService.get().administration().authorized(credential.account(), location, "", initialToken, null);
        assertThat(VcfTokenService.get().administration().areRelated(credential.account(), "", initialToken))
                .isTrue();
        findStore(team).removeCredentials(Domain.global(), credential);
        folder("empty", "");
        assertThat(VcfTokenService.get().locator().find(credential, null)).isEmpty();
    }

    /** Without a job, the match is ambiguous. */
    @Test
    void find_ofTwoWithItsToken_prefersTheOneVisibleToTheJob() throws Exception {
        Folder one = folder("one", initialToken);
        Folder other = folder("other", initialToken);
        VcfCredentials credential = credentialIn(other);
        replaceToken(other, initialToken);
        WorkflowJob job = fixture.job(other, "job", "sa");
        CredentialLocator locator = VcfTokenService.get().locator();
        assertThat(locator.find(credential, null)).isEmpty();
        assertThat(locator.find(credential, job))
                .map(StoreCredentialWriter::location)
                .contains(locator.find(credentialIn(other), null).orElseThrow().location());
        assertThat(locator.find(credentialIn(one), null)).isPresent();
    }

    @Test
    void tokenEnteredInTheForm_isUsedByTheNextRequest() throws Exception {
        Folder team = folder("team", initialToken);
        VcfCredentials credential = credentialIn(team);
        VcfTokenService.get().issueWithoutLease(credential);
        awaitToken(team);
        replaceToken(team, simulator.reauthorize("ci"));
        VcfTokenService.get().issueWithoutLease(credential);
        assertThat(simulator.grants()).isEqualTo(2);
        awaitToken(team);
    }

    @Test
    void copiedFolder_afterARotationOfTheOriginal_usesTheCurrentToken() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        Folder original = folder("original", initialToken);
        Folder inner = original.createProject(Folder.class, "inner");
        add(inner, "inner-sa", simulator.addAccount("inner", "acme"));
        VcfTokenService.get().issueWithoutLease(credentialIn(original));
        VcfTokenService.get().issueWithoutLease(credentialIn(inner));
        awaitToken(original);
        awaitToken(inner, "inner-sa", "inner");
        Folder copy = jenkins.jenkins.copy(original, "copy-" + folderCount++);
        Folder innerCopy = (Folder) copy.getItem("inner");
        assertThat(credentialIn(innerCopy)).isNotSameAs(credentialIn(inner));
        VcfTokenService.get().renew(credentialIn(original));
        VcfTokenService.get().renew(credentialIn(inner));
        fixture.sleepUntilRenewalIsDue();
        VcfTokenService.get().issueWithoutLease(credentialIn(copy));
        VcfTokenService.get().issueWithoutLease(credentialIn(innerCopy));
        awaitToken(copy);
        awaitToken(innerCopy, "inner-sa", "inner");
        VcfTokenService.get().renew(credentialIn(original));
        awaitToken(original);
    }

    /** A user with access to the original may have no access to its copy. */
    @Test
    void leaseInACopy_afterTheOriginalGotAnotherToken_keepsItsAccount() throws Exception {
        Folder original = folder("original", initialToken);
        Lease first = open(credentialIn(original));
        awaitToken(original);
        Folder copy = jenkins.jenkins.copy(original, "copy-" + folderCount++);
        try (Lease second = open(credentialIn(copy))) {
            first.close();
            String newToken = simulator.addAccount("administrator", "acme");
            replaceToken(original, newToken);
            awaitTwoRenewals(second);
            assertThat(simulator.currentToken("administrator")).isEqualTo(newToken);
        }
        awaitToken(copy);
    }

    @Test
    void moveToAnotherFolder_duringABlock_isFollowed() throws Exception {
        Folder from = folder("from", initialToken);
        Folder to = emptyFolder("to");
        VcfCredentials credential = credentialIn(from);
        try (Lease lease = open(credential)) {
            awaitToken(from);
            move(from, to);
            // The open block only has the former location of the credential.
            awaitTwoRenewals(lease);
        }
        awaitToken(to);
        fixture.build(fixture.job(to, "job", "sa"));
        awaitToken(to);
    }

    /** The access token is used while the write-back to the former location is blocked. */
    @Test
    void moveToAnotherFolder_beforeTheWriteBack_isFollowed() throws Exception {
        Folder from = folder("from", initialToken);
        Folder to = emptyFolder("to");
        VcfCredentials credential = credentialIn(from);
        // Blocks the write-back with the lock of the store.
        synchronized (from.getProperties().get(FolderCredentialsProperty.class)) {
            AccessToken first = VcfTokenService.get().issueWithoutLease(credential);
            move(from, to);
            assertThat(credentialIn(to).storedSecret().getPlainText()).isEqualTo(initialToken);
            assertThat(VcfTokenService.get().issueWithoutLease(credentialIn(to)).value())
                    .isEqualTo(first.value());
        }
        awaitToken(to);
        assertThat(simulator.grants()).isEqualTo(1);
        fixture.build(fixture.job(to, "job", "sa"));
    }

    @Test
    void moveToAnotherDomain_duringABlock_isFollowed() throws Exception {
        Folder team = folder("team", initialToken);
        findStore(team).addDomain(OTHER_DOMAIN);
        VcfCredentials credential = credentialIn(team);
        try (Lease lease = open(credential)) {
            awaitToken(team);
            Credentials moving = credentialIn(team);
            findStore(team).addCredentials(OTHER_DOMAIN, moving);
            findStore(team).removeCredentials(Domain.global(), moving);
            awaitTwoRenewals(lease);
        }
        awaitToken(team);
        assertThat(findStore(team).getCredentials(OTHER_DOMAIN)).hasSize(1);
        assertThat(findStore(team).getCredentials(Domain.global())).isEmpty();
    }

    /** The token of a deleted credential must not be written into another one with an old token of the family. */
    @Test
    void replacedTokenInAnotherFolder_isNotUpdated() throws Exception {
        Folder team = folder("team", initialToken);
        Folder other = folder("other", initialToken);
        VcfCredentials credential = credentialIn(team);
        try (Lease lease = open(credential)) {
            awaitToken(team);
            findStore(team).removeCredentials(Domain.global(), credentialIn(team));
            awaitTwoRenewals(lease);
        }
        assertThat(credentialIn(other).storedSecret().getPlainText()).isEqualTo(initialToken);
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, fixture.job(other, "job", "sa"));
        jenkins.assertLogContains("has already replaced it", run);
    }

    /** For example after a configuration file with the initial token was applied with another ID. */
    @Test
    void newIdInTheSameStore_afterTheOldIdWasRemoved_usesTheCurrentToken() throws Exception {
        Folder team = folder("team", initialToken);
        VcfTokenService.get().issueWithoutLease(credentialIn(team));
        awaitToken(team);
        VcfCredentials former = credentialIn(team);
        add(team, "sb", initialToken);
        VcfCredentials renamed = withId(team, "sb");
        assertRefused(renamed);
        findStore(team).removeCredentials(Domain.global(), former);
        VcfTokenService.get().renew(renamed);
        assertThat(simulator.rotations()).isEqualTo(2);
        awaitToken(team, "sb", "ci");
        // The old ID with the initial token still belongs to the account.
        add(team, "sa", initialToken);
        VcfTokenService.get().issueWithoutLease(withId(team, "sa"));
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
    }

    @Test
    void newIdInAnotherStore_isRefused() throws Exception {
        Folder team = folder("team", initialToken);
        Folder inner = team.createProject(Folder.class, "inner");
        VcfTokenService.get().issueWithoutLease(credentialIn(team));
        awaitToken(team);
        findStore(team).removeCredentials(Domain.global(), credentialIn(team));
        for (Folder other : List.of(inner, emptyFolder("other"))) {
            add(other, "sb", initialToken);
            assertRefused(withId(other, "sb"));
        }
        assertThat(simulator.rotations()).isEqualTo(1);
    }

    /** An empty secret matches no former ID. */
    @Test
    void newIdWithoutAToken_getsNoToken() throws Exception {
        Folder team = folder("team", initialToken);
        VcfTokenService.get().issueWithoutLease(credentialIn(team));
        awaitToken(team);
        findStore(team).removeCredentials(Domain.global(), credentialIn(team));
        add(team, "sb", "");
        assertThatThrownBy(() -> VcfTokenService.get().issueWithoutLease(withId(team, "sb")))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("stores no refresh token yet");
        assertThat(simulator.rotations()).isEqualTo(1);
    }

    private static void assertRefused(VcfCredentials credential) {
        assertThatThrownBy(() -> VcfTokenService.get().issueWithoutLease(credential))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("has already replaced it");
    }

    private static VcfCredentials withId(Folder folder, String id) {
        return findStore(folder).getCredentials(Domain.global()).stream()
                .map(VcfCredentials.class::cast)
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** Job DSL, a POST to config.xml, and update-job create new store objects for the same folder. */
    @Test
    void folderXmlWithAnotherToken_duringABlock_isUsed() throws Exception {
        Folder team = folder("team", initialToken);
        try (Lease lease = open(credentialIn(team))) {
            awaitToken(team);
            postXml(team, simulator.reauthorize("ci"));
            awaitTwoRenewals(lease);
        }
        awaitToken(team);
    }

    @Test
    void folderXmlWithTheInitialToken_duringABlock_getsTheCurrentToken() throws Exception {
        Folder team = folder("team", initialToken);
        VcfCredentials credential = credentialIn(team);
        try (Lease lease = open(credential)) {
            awaitToken(team);
            postXml(team, initialToken);
            awaitTwoRenewals(lease);
            JenkinsAndSimulator.await(
                    "the initial token is replaced", () -> !stored(team).equals(initialToken));
        }
        awaitToken(team);
        assertThat(VcfTokenService.get().locator().find(credential, null)).isPresent();
    }

    /** The write-back must not restore the files of a deleted folder, and follows a new folder with its name. */
    @Test
    void folderRecreatedDuringABlock_getsTheCurrentToken() throws Exception {
        Folder team = folder("team", initialToken);
        String name = team.getName();
        try (Lease lease = open(credentialIn(team))) {
            awaitToken(team);
            team.delete();
            awaitTwoRenewals(lease);
            assertThat(team.getRootDir()).doesNotExist();
            Folder recreated = jenkins.createProject(Folder.class, name);
            add(recreated, "sa", initialToken);
            awaitTwoRenewals(lease);
            JenkinsAndSimulator.await(
                    "the initial token is replaced", () -> !stored(recreated).equals(initialToken));
            awaitToken(recreated);
        }
    }

    /** The initial token only identifies the family at the location to which the family is bound. */
    @Test
    void parentFolderRenamed_duringABlock_isFollowed() throws Exception {
        Folder outer = emptyFolder("outer");
        String before = outer.getName();
        Folder inner = outer.createProject(Folder.class, "inner");
        add(inner, "sa", initialToken);
        try (Lease lease = open(credentialIn(inner))) {
            awaitToken(inner);
            outer.renameTo("renamed-" + folderCount++);
            replaceToken(inner, initialToken);
            awaitTwoRenewals(lease);
            CredentialLocation now = new CredentialLocation(StoreContext.folderName(inner.getFullName()), "sa");
            assertThat(VcfTokenService.get().openLeases())
                    .extracting(Lease::location)
                    .contains(now);
            assertThat(locationsOf(simulator)).containsExactly(now);
        }
        awaitToken(inner);
        Folder other = jenkins.createProject(Folder.class, before).createProject(Folder.class, "inner");
        add(other, "sa", initialToken);
        assertRefused(credentialIn(other));
    }

    @Test
    void urlWithATrailingSlash_isTheSameAccount() throws Exception {
        Folder team = folder("team", initialToken);
        VcfCredentials credential = credentialIn(team);
        try (Lease lease = open(credential)) {
            awaitToken(team);
            findStore(team)
                    .updateCredentials(
                            Domain.global(),
                            credentialIn(team),
                            fixture.account(
                                    CredentialsScope.GLOBAL, "sa", simulator.url() + "/", simulator.reauthorize("ci")));
            awaitTwoRenewals(lease);
            assertThat(VcfTokenService.get().locator().find(credential, null)).isPresent();
        }
        awaitToken(team);
    }

    private static Set<CredentialLocation> locationsOf(Simulator simulator) throws Exception {
        return VcfTokenService.get().administration().list().stream()
                .filter(record -> record.account().url().equals(simulator.url()))
                .flatMap(record -> record.locations().stream())
                .collect(Collectors.toSet());
    }

    private static void postXml(Folder folder, String token) throws Exception {
        String xml = folder.getConfigFile().asString();
        String posted = xml.replaceAll(
                "<refreshToken>[^<]*</refreshToken>",
                "<refreshToken>" + Matcher.quoteReplacement(token) + "</refreshToken>");
        assertThat(posted).isNotEqualTo(xml);
        folder.updateByXml((Source) new StreamSource(new StringReader(posted)));
    }

    private static String stored(Folder folder) {
        return credentialIn(folder).storedSecret().getPlainText();
    }

    /** Short-lived access tokens are renewed without a trigger. */
    private void awaitTwoRenewals(Lease lease) throws Exception {
        int before = simulator.grants();
        JenkinsAndSimulator.await("the lease is renewed", () -> simulator.grants() >= before + 2);
        assertThat(lease.accessToken().value()).isIn(simulator.accessTokens());
    }

    private Lease open(VcfCredentials credential) throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        return VcfTokenService.get().open(credential, "", null, Duration.ofMinutes(1), new TestOwner());
    }

    private static void move(Folder from, Folder to) throws Exception {
        // Like the action of the credentials plugin.
        Credentials moving = credentialIn(from);
        assertThat(findStore(to).addCredentials(Domain.global(), moving)).isTrue();
        assertThat(findStore(from).removeCredentials(Domain.global(), moving)).isTrue();
    }

    private Folder folder(String name, String token) throws Exception {
        Folder folder = emptyFolder(name);
        add(folder, "sa", token);
        return folder;
    }

    private void add(Folder folder, String id, String token) throws Exception {
        findStore(folder).addCredentials(Domain.global(), fixture.account(id, token));
    }

    private static Folder emptyFolder(String name) throws Exception {
        return jenkins.createProject(Folder.class, name + "-" + folderCount++);
    }

    private void replaceToken(Folder folder, String token) throws Exception {
        findStore(folder).updateCredentials(Domain.global(), credentialIn(folder), fixture.account("sa", token));
    }

    private void awaitToken(Folder folder) throws Exception {
        awaitToken(folder, "sa", "ci");
    }

    private void awaitToken(Folder folder, String id, String account) throws Exception {
        File file = new File(folder.getRootDir(), "config.xml");
        JenkinsAndSimulator.await(
                "the rotated token reaches " + file,
                () -> JenkinsAndSimulator.tokenIn(file, id).equals(simulator.currentToken(account)));
    }

    private static final class TestOwner implements LeaseOwnerCallback {
        @Override
        public String displayName() {
            return "a test of " + Jenkins.get().getDisplayName();
        }

        @Override
        public void beforePublish(AccessToken accessToken) {}

        @Override
        public void warn(String message) {}
    }
}
