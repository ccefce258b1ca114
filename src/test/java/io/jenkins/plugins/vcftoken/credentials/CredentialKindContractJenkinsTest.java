package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsNameProvider;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.util.Secret;
import io.jenkins.plugins.casc.ConfigurationAsCode;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.health.JenkinsPages;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import jenkins.security.MasterToSlaveCallable;
import org.htmlunit.Page;
import org.jenkins.ui.symbol.Symbol;
import org.jenkins.ui.symbol.SymbolRequest;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.structs.SymbolLookup;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.kohsuke.stapler.verb.POST;

/** Contract of all credential kinds of this plugin. */
@WithJenkins
class CredentialKindContractJenkinsTest {

    private static JenkinsRule jenkins;

    @AutoClose("closeAndCheckViolations")
    private static final Simulator simulator = Simulator.start();

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
    }

    private interface Check {
        void run(CredentialKind kind) throws Exception;
    }

    private static Stream<DynamicTest> forEach(Check check) {
        assertThat(CredentialKind.all()).hasSizeGreaterThanOrEqualTo(4);
        return CredentialKind.all().stream()
                .map(kind -> DynamicTest.dynamicTest(kind.toString(), () -> check.run(kind)));
    }

    @Test
    void displayNames_areUnique() {
        assertThat(CredentialKind.all())
                .extracting(kind -> kind.descriptor().getDisplayName())
                .doesNotHaveDuplicates()
                .allMatch(name -> name.contains(" "));
    }

    @TestFactory
    Stream<DynamicTest> symbol_isTheClassName() {
        return forEach(kind ->
                assertThat(SymbolLookup.getSymbolValue(kind.descriptor())).containsExactly(kind.symbol()));
    }

    /** Secrets that are read from a file often end with a line break. */
    @TestFactory
    Stream<DynamicTest> secret_withTrailingLineBreak_isTrimmed() {
        return forEach(kind -> {
            AbstractVcfCredentials sample = kind.sample("line-" + kind, simulator);
            String secret = sample.storedSecret().getPlainText();
            assertThat(sample.withStoredSecret(Secret.fromString(secret + "\r\n"))
                            .storedSecret())
                    .isEqualTo(sample.storedSecret());
            String xml = Jenkins.XSTREAM2.toXML(sample);
            String edited = xml.replace(sample.storedSecret().getEncryptedValue(), secret + "\n");
            assertThat(edited).isNotEqualTo(xml);
            VcfCredentials read = (VcfCredentials) Jenkins.XSTREAM2.fromXML(edited);
            assertThat(read.storedSecret().getPlainText()).isEqualTo(secret);
        });
    }

    /** XML from the CLI or other tools is trimmed like form values. */
    @TestFactory
    Stream<DynamicTest> fieldsOfXml_withWhiteSpace_areTrimmed() {
        return forEach(kind -> {
            AbstractVcfCredentials sample = kind.sample("space-" + kind, simulator);
            String xml = Jenkins.XSTREAM2.toXML(sample);
            String edited = xml;
            for (String field : List.of(
                    "url",
                    "organization",
                    "clientId",
                    "username",
                    "appId",
                    "organizationId",
                    "scopes",
                    "tenant",
                    "authSource")) {
                edited = edited.replaceAll(
                        "<" + field + ">(.*?)</" + field + ">", "<" + field + ">\n  $1 \n</" + field + ">");
            }
            assertThat(edited).isNotEqualTo(xml);
            AbstractVcfCredentials read = (AbstractVcfCredentials) Jenkins.XSTREAM2.fromXML(edited);
            assertThat(read.account()).isEqualTo(sample.account());
            assertThat(read.clientId()).isEqualTo(sample.clientId());
            assertThat(Jenkins.XSTREAM2.toXML(read)).isEqualTo(xml);
        });
    }

    @Test
    void spaces_areKeptInPasswordsAndTrimmedFromTokens() {
        SddcManagerUser user = new SddcManagerUser(null, "spaces", null, "https://sddc.example.com");
        user.setUsername("svc@vsphere.local");
        user.setPassword(Secret.fromString(" pass word \n"));
        assertThat(user.storedSecret().getPlainText()).isEqualTo(" pass word ");
        user.setApiKey(Secret.fromString(" key\t"));
        assertThat(user.storedSecret().getPlainText()).isEqualTo("key");
    }

    @TestFactory
    Stream<DynamicTest> xml_containsSecretsEncryptedOnly() {
        return forEach(kind -> {
            Object sample = kind.sample("saved-" + kind, simulator);
            String saved = Jenkins.XSTREAM2.toXML(sample);
            assertThat(saved).contains("saved-" + kind);
            assertThat(kind.secrets(sample))
                    .isNotEmpty()
                    .allSatisfy(secret -> assertThat(saved).doesNotContain(secret));
        });
    }

    @TestFactory
    Stream<DynamicTest> icon_exists() {
        return forEach(kind -> {
            String[] icon = kind.descriptor().getIconClassName().split(" plugin-");
            assertThat(icon[0]).startsWith("symbol-");
            assertThat(symbol(icon[0], icon.length > 1 ? icon[1] : ""))
                    .isNotEqualTo(symbol("symbol-there-is-none", ""));
        });
    }

    private static String symbol(String name, String plugin) {
        return Symbol.get(new SymbolRequest.Builder()
                .withName(name.replace("symbol-", ""))
                .withPluginName(plugin)
                .build());
    }

    @TestFactory
    Stream<DynamicTest> help_existsForTheKindAndEachField() {
        return forEach(kind -> {
            assertThat(jenkins.<String>executeOnServer(kind.descriptor()::getHelpFile))
                    .isNotNull();
            for (String field : kind.fields()) {
                String file = jenkins.executeOnServer(() -> kind.descriptor().getHelpFile(field));
                assertThat(file).as(field).isNotNull();
                Page page = JenkinsPages.newClient(jenkins).goTo(file.substring(1), "text/html");
                assertThat(page.getWebResponse().getContentAsString()).as(field).hasSizeGreaterThan(20);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> eachField_hasAValidation() {
        return forEach(kind -> {
            for (String field : kind.fields()) {
                assertPost(kind, "doCheck" + Character.toUpperCase(field.charAt(0)) + field.substring(1));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> descriptor_hasATestConnectionMethod() {
        return forEach(kind -> assertPost(kind, "doTestConnection"));
    }

    private static void assertPost(CredentialKind kind, String name) {
        List<Method> methods = Arrays.stream(kind.descriptor().getClass().getMethods())
                .filter(method -> method.getName().equals(name))
                .toList();
        assertThat(methods).as(name).isNotEmpty().allMatch(method -> method.isAnnotationPresent(POST.class));
    }

    @TestFactory
    Stream<DynamicTest> secretFields_haveTheTypeSecret() {
        return forEach(kind -> {
            AbstractVcfCredentials sample = kind.sample("edited-" + kind, simulator);
            for (String field : kind.fields()) {
                Class<?> type = kind.getter(field).getReturnType();
                if (field.matches("(?i).*(token|secret|password|key)") && type != int.class) {
                    assertThat(type).as(field).isEqualTo(Secret.class);
                }
            }
            assertThat(kind.secrets(sample)).contains(sample.storedSecret().getPlainText());
        });
    }

    @TestFactory
    Stream<DynamicTest> displayName_containsTheServerAndNoSecret() {
        return forEach(kind -> {
            AbstractVcfCredentials sample = kind.sample("named-" + kind, simulator);
            String name = CredentialsNameProvider.name(sample);
            assertThat(name)
                    .startsWith("named-" + kind + " (localhost:")
                    .contains(" / ")
                    .endsWith(") a sample");
            assertThat(kind.secrets(sample)).noneMatch(name::contains);
        });
    }

    @TestFactory
    Stream<DynamicTest> form_keepsEachField() {
        return forEach(kind -> {
            String id = "form-" + kind;
            Credentials shown = store(kind, id);
            Map<String, Object> before = kind.values(shown);
            String path = "manage/credentials/store/system/domain/_/credential/" + id + "/update";
            JenkinsRule.WebClient client = JenkinsPages.newClientWithScripts(jenkins);
            var page = client.goTo(path);
            assertThat(kind.secrets(stored(id))).noneMatch(page.getWebResponse().getContentAsString()::contains);
            assertThat(page.getAnchors().stream()
                            .anyMatch(link -> link.asNormalizedText().equals("Authorize…")))
                    .isEqualTo(((AbstractVcfCredentials) stored(id)).isAuthorizable());
            assertThat(page.getAnchorByText("Token status").click().getUrl().getPath())
                    .endsWith("/manage/vcf-tokens/credential/" + id + '/');
            page = client.goTo(path);
            jenkins.submit(page.getFormByName("update"));
            assertThat(stored(id)).isNotSameAs(shown);
            assertThat(kind.values(stored(id))).isEqualTo(before);
        });
    }

    /** Exports the credential, deletes it, and applies the export. */
    @TestFactory
    Stream<DynamicTest> configurationAsCode_keepsEachField() {
        return forEach(kind -> {
            String id = "code-" + kind;
            Credentials stored = store(kind, id);
            Map<String, Object> before = kind.values(stored);
            for (Credentials credentials :
                    List.copyOf(SystemCredentialsProvider.getInstance().getCredentials())) {
                if (credentials != stored) {
                    systemStore().removeCredentials(Domain.global(), credentials);
                }
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ConfigurationAsCode.get().export(out);
            String exported = out.toString(StandardCharsets.UTF_8);
            assertThat(exported).contains("- " + kind.symbol() + ":");
            assertThat(kind.secrets(stored)).noneMatch(exported::contains);
            kind.fields().forEach(field -> assertThat(exported).contains(" " + field + ": "));
            systemStore().removeCredentials(Domain.global(), stored);
            String section = exported.replaceAll("(?s)(^|.*\n)(credentials:\n.*?)(\n[^ \n#].*|$)", "$2");
            Path yaml = Files.writeString(jenkins.jenkins.getRootDir().toPath().resolve(id + ".yaml"), section);
            ConfigurationAsCode.get().configure(yaml.toString());
            assertThat(stored(id)).isNotSameAs(stored);
            assertThat(kind.values(stored(id))).isEqualTo(before);
        });
    }

    /** Only secrets of service accounts are known to rotate, but any server may return a new secret. */
    @TestFactory
    Stream<DynamicTest> writeBack_changesTheSecretOnly() throws Exception {
        Domain domain = new Domain("vcf", "a domain", List.of());
        systemStore().addDomain(domain);
        return forEach(kind -> {
            AbstractVcfCredentials before = kind.sample("kept-" + kind, simulator);
            systemStore().addCredentials(domain, before);
            String old = before.storedSecret().getPlainText();
            VcfTokenService.get()
                    .locator()
                    .find(before, null)
                    .orElseThrow()
                    .writeBack(old::equals, "rotated-" + old, false);
            Credentials after = systemStore().getCredentials(domain).stream()
                    .filter(before::equals)
                    .findFirst()
                    .orElseThrow();
            Map<String, Object> expected = kind.values(before);
            expected.replaceAll((field, value) -> old.equals(value) ? "rotated-" + old : value);
            // The expiry date of the old secret is removed; the ledger contains the new one.
            expected.replace("expiresOn", "");
            assertThat(expected).containsValue("rotated-" + old).containsEntry("skipTlsVerification", true);
            assertThat(kind.values(after)).isEqualTo(expected);
            String saved =
                    Files.readString(jenkins.jenkins.getRootDir().toPath().resolve("credentials.xml"));
            assertThat(saved).contains(((VcfCredentials) after).storedSecret().getEncryptedValue());
        });
    }

    @TestFactory
    Stream<DynamicTest> build_getsAMaskedAccessTokenAndIsTracked() {
        return forEach(kind -> {
            String id = "used-" + kind;
            Credentials credential = store(kind, id);
            WorkflowJob job = jenkins.createProject(WorkflowJob.class, "scripted-" + kind);
            WorkflowRun scripted = build(
                    job,
                    "withCredentials([string(credentialsId: '%1$s', variable: 'T')]) {"
                            + " echo \"got ${T} of ${T.length()}\" }\n"
                            + "withVcfToken(credentialsId: '%1$s') { echo \"got ${VCF_TOKEN} of ${VCF_TOKEN.length()}\" }",
                    id);
            assertGotAccessTokens(scripted, 2);
            assertThat(CredentialsProvider.getFingerprintOf(credential).getJobs())
                    .contains(job.getFullName());
            WorkflowJob declarative = jenkins.createProject(WorkflowJob.class, "declarative-" + kind);
            WorkflowRun run = build(
                    declarative,
                    "pipeline { agent none; environment { T = credentials('%1$s') }\n"
                            + "stages { stage('one') { steps { echo \"got ${T} of ${T.length()}\" } } } }",
                    id);
            assertGotAccessTokens(run, 1);
            SecretSweep.assertNone(simulator, job.getRootDir().toPath());
            SecretSweep.assertNone(simulator, declarative.getRootDir().toPath());
        });
    }

    /** The tokens are masked, so this compares their lengths. */
    private static void assertGotAccessTokens(WorkflowRun run, int number) throws Exception {
        List<Integer> lengths = Pattern.compile("got \\*{4} of (\\d+)")
                .matcher(JenkinsRule.getLog(run))
                .results()
                .map(result -> Integer.valueOf(result.group(1)))
                .toList();
        assertThat(lengths).hasSize(number);
        assertThat(simulator.accessTokens()).extracting(String::length).containsAll(lengths);
    }

    private static WorkflowRun build(WorkflowJob job, String script, String id) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script.formatted(id), true));
        return jenkins.buildAndAssertSuccess(job);
    }

    @TestFactory
    Stream<DynamicTest> agent_getsTheAccessTokenOnly() throws Exception {
        var channel = jenkins.createOnlineSlave().getChannel();
        return forEach(kind -> {
            AbstractVcfCredentials credential = store(kind, "agent-" + kind);
            String[] classAndSecret = channel.call(new ReadSecret(credential));
            assertThat(classAndSecret[0]).isEqualTo(StringCredentialsImpl.class.getName());
            assertThat(simulator.accessTokens()).contains(classAndSecret[1]);
            assertThat(kind.secrets(credential)).doesNotContain(classAndSecret[1]);
        });
    }

    private static final class ReadSecret extends MasterToSlaveCallable<String[], RuntimeException> {
        private static final long serialVersionUID = 1;
        private final StringCredentials credential;

        ReadSecret(StringCredentials credential) {
            this.credential = credential;
        }

        @Override
        public String[] call() {
            return new String[] {
                credential.getClass().getName(), credential.getSecret().getPlainText()
            };
        }
    }

    private static AbstractVcfCredentials store(CredentialKind kind, String id) throws Exception {
        AbstractVcfCredentials sample = kind.sample(id, simulator);
        systemStore().addCredentials(Domain.global(), sample);
        return sample;
    }

    private static CredentialsStore systemStore() {
        return JenkinsAccount.findStore(Jenkins.get());
    }

    private static Credentials stored(String id) {
        return CredentialsMatchers.firstOrNull(
                SystemCredentialsProvider.getInstance().getCredentials(), CredentialsMatchers.withId(id));
    }
}
