package io.jenkins.plugins.vcftoken.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.hudson.plugins.folder.properties.FolderCredentialsProvider.FolderCredentialsProperty;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.CredentialsUnavailableException;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.ModelObject;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwner;
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
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** A credential that is replaced, copied or moved while it is used keeps its token, and gets no other credential's. */
@WithJenkins
class CredentialLocatorJenkinsTest {

    private static final Domain SPARE = new Domain("spare", null, List.of());
    private static JenkinsRule jenkins;
    private static int folders;

    private JenkinsAndSimulator both;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private String initialToken;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @BeforeEach
    void startSimulator() throws Exception {
        both = new JenkinsAndSimulator(jenkins, simulator);
        initialToken = simulator.addAccount("ci", "acme");
    }

    @AfterEach
    void stop() {
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void whatARotationReplacedLeadsToWhatTookItsPlaceAndNotToANamesake() throws Exception {
        String strangers = simulator.addAccount("stranger", "acme");
        folder("first", strangers);
        Folder team = folder("team", initialToken);
        VcfCredentials held = in(team);
        VcfTokenService.get().once(held);
        awaitIn(team);
        assertThat(in(team)).isNotSameAs(held);
        forceAnotherExchange(held);
        assertThat(simulator.currentToken("stranger")).isEqualTo(strangers);
        assertThat(simulator.rotations()).isEqualTo(2);
        awaitIn(team);
    }

    /** The object was replaced before its first use, so only its token tells which credential it was. */
    @Test
    void whatAFormReplacedLeadsToTheOneWithItsTokenAndNotToANamesake() throws Exception {
        String strangers = simulator.addAccount("stranger", "acme");
        folder("first", strangers);
        Folder team = folder("team", initialToken);
        VcfCredentials held = in(team);
        replaceToken(team, initialToken);
        VcfTokenService.get().once(held);
        assertThat(simulator.currentToken("stranger")).isEqualTo(strangers);
        assertThat(simulator.rotations()).isEqualTo(1);
        awaitIn(team);
    }

    @Test
    void aDeletedCredentialHasNoSuccessor() throws Exception {
        String strangers = simulator.addAccount("stranger", "acme");
        folder("first", strangers);
        Folder team = folder("team", initialToken);
        VcfCredentials held = in(team);
        storeOf(team).removeCredentials(Domain.global(), held);
        assertThatThrownBy(held::getSecret)
                .isInstanceOf(CredentialsUnavailableException.class)
                .hasMessageContaining("not stored in the credentials");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void find_ofADeletedCredentialThatWasAuthorizedWhileEmpty_isNotAnEmptyOneWithItsId() throws Exception {
        Folder team = folder("team", initialToken);
        VcfCredentials held = in(team);
        CredentialLocation location = new CredentialLocation(StoreContext.folderName(team.getFullName()), "sa");
        VcfTokenService.get().administration().authorized(held.account(), location, "", initialToken, null);
        assertThat(VcfTokenService.get().administration().areRelated(held.account(), "", initialToken))
                .isTrue();
        storeOf(team).removeCredentials(Domain.global(), held);
        folder("empty", "");
        assertThat(VcfTokenService.get().locator().find(held, null)).isEmpty();
    }

    /** Without a job the match is ambiguous: each has its own location in the ledger. */
    @Test
    void ofTwoThatHaveItsTokenTheOneThatTheJobSeesIsTaken() throws Exception {
        Folder one = folder("one", initialToken);
        Folder other = folder("other", initialToken);
        VcfCredentials held = in(other);
        replaceToken(other, initialToken);
        WorkflowJob job = both.job(other, "job", "sa");
        CredentialLocator locator = VcfTokenService.get().locator();
        assertThat(locator.find(held, null)).isEmpty();
        assertThat(locator.find(held, job))
                .map(StoreCredentialWriter::location)
                .contains(locator.find(in(other), null).orElseThrow().location());
        assertThat(locator.find(in(one), null)).isPresent();
    }

    /** A token that a person types into the credential counts at once. */
    @Test
    void aTokenTypedIntoTheSameCredentialCounts() throws Exception {
        Folder team = folder("team", initialToken);
        VcfCredentials held = in(team);
        VcfTokenService.get().once(held);
        awaitIn(team);
        replaceToken(team, simulator.reauthorize("ci"));
        VcfTokenService.get().once(held);
        assertThat(simulator.grants()).isEqualTo(2);
        awaitIn(team);
    }

    @Test
    void aCopiedFolderWorksThoughItsOriginalRotatesFirst() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        Folder original = folder("original", initialToken);
        Folder inner = original.createProject(Folder.class, "inner");
        storeOf(inner).addCredentials(Domain.global(), both.account("inner-sa", simulator.addAccount("inner", "acme")));
        VcfTokenService.get().once(in(original));
        VcfTokenService.get().once(in(inner));
        awaitIn(original);
        awaitIn(inner, "inner-sa", "inner");
        Folder copy = jenkins.jenkins.copy(original, "copy-" + folders++);
        Folder innerCopy = (Folder) copy.getItem("inner");
        assertThat(in(innerCopy)).isNotSameAs(in(inner));
        forceAnotherExchange(in(original));
        forceAnotherExchange(in(inner));
        both.letTheAccessTokenAge();
        VcfTokenService.get().once(in(copy));
        VcfTokenService.get().once(in(innerCopy));
        awaitIn(copy);
        awaitIn(innerCopy, "inner-sa", "inner");
        forceAnotherExchange(in(original));
        awaitIn(original);
    }

    /** Users who may change a folder may not have the right to change its copy. */
    @Test
    void theCopysBlockGetsNothingOfWhatIsTypedIntoTheOriginal() throws Exception {
        Folder original = folder("original", initialToken);
        Lease first = open(in(original));
        awaitIn(original);
        Folder copy = jenkins.jenkins.copy(original, "copy-" + folders++);
        try (Lease second = open(in(copy))) {
            first.close();
            String administrators = simulator.addAccount("administrator", "acme");
            replaceToken(original, administrators);
            awaitRenewals(2);
            assertThat(simulator.currentToken("administrator")).isEqualTo(administrators);
            assertThat(second.accessToken().value()).isIn(simulator.accessTokens());
        }
        awaitIn(copy);
    }

    @Test
    void movedToAnotherFolderWhileABlockIsOpen() throws Exception {
        Folder from = folder("from", initialToken);
        Folder to = empty("to");
        VcfCredentials held = in(from);
        try (Lease lease = open(held)) {
            awaitIn(from);
            move(from, to);
            // The block knows only the former location of the credential.
            awaitRenewals(2);
            assertThat(lease.accessToken().value()).isIn(simulator.accessTokens());
        }
        awaitIn(to);
        both.build(both.job(to, "job", "sa"));
        awaitIn(to);
    }

    /** The access token is used while the write-back to the former location still waits. */
    @Test
    void movedToAnotherFolderBeforeTheRotatedTokenIsStored() throws Exception {
        Folder from = folder("from", initialToken);
        Folder to = empty("to");
        VcfCredentials held = in(from);
        // Holds the lock of the store, so that the write-back waits.
        synchronized (from.getProperties().get(FolderCredentialsProperty.class)) {
            AccessToken first = VcfTokenService.get().once(held);
            move(from, to);
            assertThat(in(to).storedSecret().getPlainText()).isEqualTo(initialToken);
            assertThat(VcfTokenService.get().once(in(to)).value()).isEqualTo(first.value());
        }
        awaitIn(to);
        assertThat(simulator.grants()).isEqualTo(1);
        both.build(both.job(to, "job", "sa"));
    }

    @Test
    void movedToAnotherDomainWhileABlockIsOpen() throws Exception {
        Folder team = folder("team", initialToken);
        storeOf(team).addDomain(SPARE);
        VcfCredentials held = in(team);
        try (Lease lease = open(held)) {
            awaitIn(team);
            Credentials moving = in(team);
            storeOf(team).addCredentials(SPARE, moving);
            storeOf(team).removeCredentials(Domain.global(), moving);
            awaitRenewals(2);
            assertThat(lease.accessToken().value()).isIn(simulator.accessTokens());
        }
        awaitIn(team);
        assertThat(storeOf(team).getCredentials(SPARE)).hasSize(1);
        assertThat(storeOf(team).getCredentials(Domain.global())).isEmpty();
    }

    /** The token of a deleted credential must not be written to another credential with an old token of the family. */
    @Test
    void aSpentTokenElsewhereInheritsNothing() throws Exception {
        Folder team = folder("team", initialToken);
        Folder thief = folder("thief", initialToken);
        VcfCredentials held = in(team);
        try (Lease lease = open(held)) {
            awaitIn(team);
            storeOf(team).removeCredentials(Domain.global(), in(team));
            awaitRenewals(2);
            assertThat(lease.accessToken().value()).isIn(simulator.accessTokens());
        }
        assertThat(in(thief).storedSecret().getPlainText()).isEqualTo(initialToken);
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, both.job(thief, "job", "sa"));
        jenkins.assertLogContains("has already replaced it", run);
    }

    /** A configuration file renames a credential: the first token under a new ID, and no credential with the old one. */
    @Test
    void anotherIdInTheSameStoreGoesOnWithTheNewestTokenOnceTheOldIdIsGone() throws Exception {
        Folder team = folder("team", initialToken);
        VcfTokenService.get().once(in(team));
        awaitIn(team);
        VcfCredentials old = in(team);
        storeOf(team).addCredentials(Domain.global(), both.account("sb", initialToken));
        VcfCredentials renamed = withId(team, "sb");
        assertRefused(renamed);
        storeOf(team).removeCredentials(Domain.global(), old);
        VcfTokenService.get().renew(renamed);
        assertThat(simulator.rotations()).isEqualTo(2);
        awaitIn(team, "sb", "ci");
        // The old ID with the first token is still the same account's.
        storeOf(team).addCredentials(Domain.global(), both.account("sa", initialToken));
        VcfTokenService.get().once(withId(team, "sa"));
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    void anotherIdInAnotherStoreIsRefusedThoughTheOldIdIsGone() throws Exception {
        Folder team = folder("team", initialToken);
        Folder inner = team.createProject(Folder.class, "inner");
        VcfTokenService.get().once(in(team));
        awaitIn(team);
        storeOf(team).removeCredentials(Domain.global(), in(team));
        for (Folder other : List.of(inner, empty("other"))) {
            storeOf(other).addCredentials(Domain.global(), both.account("sb", initialToken));
            assertRefused(withId(other, "sb"));
        }
        assertThat(simulator.rotations()).isEqualTo(1);
    }

    /** An empty secret matches no former ID. */
    @Test
    void anotherIdWithoutATokenInheritsNothing() throws Exception {
        Folder team = folder("team", initialToken);
        VcfTokenService.get().once(in(team));
        awaitIn(team);
        storeOf(team).removeCredentials(Domain.global(), in(team));
        storeOf(team).addCredentials(Domain.global(), both.account("sb", ""));
        assertThatThrownBy(() -> VcfTokenService.get().once(withId(team, "sb")))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("stores no refresh token yet");
        assertThat(simulator.rotations()).isEqualTo(1);
    }

    private static void assertRefused(VcfCredentials credential) {
        assertThatThrownBy(() -> VcfTokenService.get().once(credential))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("has already replaced it");
    }

    private static VcfCredentials withId(Folder folder, String id) {
        return storeOf(folder).getCredentials(Domain.global()).stream()
                .map(VcfCredentials.class::cast)
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** Job DSL, a POST to config.xml, and update-job give a folder that stays the same other stores. */
    @Test
    void anotherTokenInTheFoldersXmlWhileABlockIsOpen() throws Exception {
        Folder team = folder("team", initialToken);
        try (Lease lease = open(in(team))) {
            awaitIn(team);
            postXml(team, simulator.reauthorize("ci"));
            awaitRenewals(2);
            assertThat(lease.accessToken().value()).isIn(simulator.accessTokens());
        }
        awaitIn(team);
    }

    @Test
    void theFirstTokenInTheFoldersXmlWhileABlockIsOpen() throws Exception {
        Folder team = folder("team", initialToken);
        VcfCredentials held = in(team);
        try (Lease lease = open(held)) {
            awaitIn(team);
            postXml(team, initialToken);
            awaitRenewals(2);
            assertThat(lease.accessToken().value()).isIn(simulator.accessTokens());
            JenkinsAndSimulator.await(
                    "the first token is replaced", () -> !stored(team).equals(initialToken));
        }
        awaitIn(team);
        assertThat(VcfTokenService.get().locator().find(held, null)).isPresent();
    }

    /** Writing back does not restore the files of a deleted folder; a new folder with its name takes its place. */
    @Test
    void aFolderIsDeletedAndMadeAnewWhileABlockIsOpen() throws Exception {
        Folder team = folder("team", initialToken);
        String name = team.getName();
        try (Lease lease = open(in(team))) {
            awaitIn(team);
            team.delete();
            awaitRenewals(2);
            assertThat(team.getRootDir()).doesNotExist();
            Folder recreated = jenkins.createProject(Folder.class, name);
            storeOf(recreated).addCredentials(Domain.global(), both.account("sa", initialToken));
            awaitRenewals(2);
            assertThat(lease.accessToken().value()).isIn(simulator.accessTokens());
            JenkinsAndSimulator.await(
                    "the first token is replaced", () -> !stored(recreated).equals(initialToken));
            awaitIn(recreated);
        }
    }

    /** An old form stores the first token, which leads to its family only at the location the family is bound to. */
    @Test
    void theFolderAboveIsRenamedWhileABlockIsOpen() throws Exception {
        Folder outer = empty("outer");
        String before = outer.getName();
        Folder inner = outer.createProject(Folder.class, "inner");
        storeOf(inner).addCredentials(Domain.global(), both.account("sa", initialToken));
        try (Lease lease = open(in(inner))) {
            awaitIn(inner);
            outer.renameTo("renamed-" + folders++);
            replaceToken(inner, initialToken);
            awaitRenewals(2);
            assertThat(lease.accessToken().value()).isIn(simulator.accessTokens());
            CredentialLocation now = new CredentialLocation(StoreContext.folderName(inner.getFullName()), "sa");
            assertThat(VcfTokenService.get().openLeases())
                    .extracting(Lease::location)
                    .contains(now);
            assertThat(placesOf(simulator)).containsExactly(now);
        }
        awaitIn(inner);
        Folder thief = jenkins.createProject(Folder.class, before).createProject(Folder.class, "inner");
        storeOf(thief).addCredentials(Domain.global(), both.account("sa", initialToken));
        assertThatThrownBy(() -> VcfTokenService.get().once(in(thief)))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("has already replaced it");
    }

    @Test
    void theSameAddressSpelledOtherwiseIsTheSame() throws Exception {
        Folder team = folder("team", initialToken);
        VcfCredentials held = in(team);
        try (Lease lease = open(held)) {
            awaitIn(team);
            storeOf(team)
                    .updateCredentials(
                            Domain.global(),
                            in(team),
                            both.account(
                                    CredentialsScope.GLOBAL, "sa", simulator.url() + "/", simulator.reauthorize("ci")));
            awaitRenewals(2);
            assertThat(lease.accessToken().value()).isIn(simulator.accessTokens());
            assertThat(VcfTokenService.get().locator().find(held, null)).isPresent();
        }
        awaitIn(team);
    }

    private static Set<CredentialLocation> placesOf(Simulator simulator) throws Exception {
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
        return in(folder).storedSecret().getPlainText();
    }

    /** The lease renews by itself, as access tokens are short. */
    private void awaitRenewals(int number) throws Exception {
        int before = simulator.grants();
        JenkinsAndSimulator.await("the lease is renewed", () -> simulator.grants() >= before + number);
    }

    private Lease open(VcfCredentials credential) throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        return VcfTokenService.get().open(credential, "", null, Duration.ofMinutes(1), new TestOwner());
    }

    private void forceAnotherExchange(VcfCredentials credential) throws Exception {
        VcfTokenService.get().renew(credential);
    }

    private static void move(Folder from, Folder to) throws Exception {
        // As the credentials plugin's own action does it.
        Credentials moving = in(from);
        assertThat(storeOf(to).addCredentials(Domain.global(), moving)).isTrue();
        assertThat(storeOf(from).removeCredentials(Domain.global(), moving)).isTrue();
    }

    private Folder folder(String name, String token) throws Exception {
        Folder folder = empty(name);
        storeOf(folder).addCredentials(Domain.global(), both.account("sa", token));
        return folder;
    }

    private static Folder empty(String name) throws Exception {
        return jenkins.createProject(Folder.class, name + "-" + folders++);
    }

    private void replaceToken(Folder folder, String token) throws Exception {
        storeOf(folder).updateCredentials(Domain.global(), in(folder), both.account("sa", token));
    }

    private void awaitIn(Folder folder) throws Exception {
        awaitIn(folder, "sa", "ci");
    }

    private void awaitIn(Folder folder, String id, String account) throws Exception {
        File file = new File(folder.getRootDir(), "config.xml");
        JenkinsAndSimulator.await(
                "the rotated token reaches " + file,
                () -> JenkinsAndSimulator.tokenIn(file, id).equals(simulator.currentToken(account)));
    }

    private static VcfCredentials in(Folder folder) {
        return (VcfCredentials) storeOf(folder).getCredentials(Domain.global()).get(0);
    }

    private static CredentialsStore storeOf(ModelObject owner) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(owner)) {
            if (store.getContext() == owner) {
                return store;
            }
        }
        throw new AssertionError("no store");
    }

    private static final class TestOwner implements LeaseOwner {
        @Override
        public String who() {
            return "a test of " + Jenkins.get().getDisplayName();
        }

        @Override
        public void beforePublish(AccessToken accessToken) {}

        @Override
        public void warn(String message) {}
    }
}
