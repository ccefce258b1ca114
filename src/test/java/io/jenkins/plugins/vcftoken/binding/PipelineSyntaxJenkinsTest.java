package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Describable;
import hudson.model.Descriptor;
import hudson.model.FreeStyleProject;
import hudson.model.Item;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.ListBoxModel;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.health.JenkinsPages;
import java.util.ArrayList;
import java.util.List;
import jenkins.model.Jenkins;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.jenkinsci.plugins.pipeline.modeldefinition.generator.OptionsDirective;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.structs.describable.DescribableModel;
import org.jenkinsci.plugins.structs.describable.DescribableParameter;
import org.jenkinsci.plugins.workflow.cps.SnippetizerTester;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Generators and reference under Pipeline Syntax, and drop-downs of credentials. */
@WithJenkins
class PipelineSyntaxJenkinsTest {

    private static JenkinsRule jenkins;
    private static Folder team;
    private static Folder others;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        team = rule.createProject(Folder.class, "team");
        others = rule.createProject(Folder.class, "others");
        JenkinsAccount.store(
                token("of-all"),
                new StringCredentialsImpl(CredentialsScope.GLOBAL, "text", null, Secret.fromString("x")));
        add(team, token("of-team"));
        add(others, token("of-others"));
        rule.jenkins.setSecurityRealm(rule.createDummySecurityRealm());
    }

    @BeforeEach
    void disableSecurity() {
        jenkins.jenkins.setAuthorizationStrategy(new hudson.security.AuthorizationStrategy.Unsecured());
    }

    private static CspApiToken token(String id) {
        return new CspApiToken(CredentialsScope.GLOBAL, id, null, "https://c.example.com", Secret.fromString("x"));
    }

    private static void add(ModelObject owner, CspApiToken credential) throws Exception {
        JenkinsAccount.findStore(owner).addCredentials(Domain.global(), credential);
    }

    @Test
    void snippetGenerator_writesTheSelectedParameters() throws Exception {
        SnippetizerTester tester = new SnippetizerTester(jenkins);
        tester.assertRoundTrip(new WithVcfTokenStep("of-all"), "withVcfToken('of-all') {\n    // some block\n}");
        WithVcfTokenStep step = new WithVcfTokenStep("of-all");
        step.setOrganization("acme");
        tester.assertRoundTrip(
                step, "withVcfToken(credentialsId: 'of-all', organization: 'acme') {\n    // some block\n}");
        step.setTokenVariable("A");
        step.setUrlVariable("B");
        step.setBindings(List.of(new TokenFileBinding("C"), new HeaderFileBinding("D")));
        step.setMinimumValidity(7);
        tester.assertRoundTrip(
                step,
                "withVcfToken(bindings: [tokenFile('C'), headerFile('D')], credentialsId: 'of-all', "
                        + "minimumValidity: 7, organization: 'acme', tokenVariable: 'A', urlVariable: 'B') {\n"
                        + "    // some block\n}");
        VcfTokenRefreshStep refresh = new VcfTokenRefreshStep();
        tester.assertRoundTrip(refresh, "vcfTokenRefresh()");
        refresh.setCredentialsId("of-all");
        tester.assertRoundTrip(refresh, "vcfTokenRefresh credentialsId: 'of-all'");
    }

    @Test
    void directiveGenerator_offersTheBlockAsAnOption() {
        OptionsDirective.DescriptorImpl options =
                jenkins.jenkins.getDescriptorByType(OptionsDirective.DescriptorImpl.class);
        Descriptor<?> step = jenkins.jenkins.getDescriptorByType(WithVcfTokenStep.DescriptorImpl.class);
        assertThat(options.getDescriptorsForContext(false)).contains(step);
        assertThat(options.getDescriptorsForContext(true)).contains(step);
        assertThat(options.toGroovy(new OptionsDirective(List.of(new WithVcfTokenStep("of-all")))))
                .isEqualToIgnoringWhitespace("options { withVcfToken('of-all') }");
        WithVcfTokenStep withBindings = new WithVcfTokenStep("of-all");
        withBindings.setBindings(List.of(new KubeconfigBinding(), new CaFileBinding("CA")));
        assertThat(options.toGroovy(new OptionsDirective(List.of(withBindings))))
                .isEqualToIgnoringWhitespace(
                        "options { withVcfToken(bindings: [kubeconfig(), caFile('CA')], credentialsId: 'of-all') }");
    }

    @Test
    void eachParameter_hasHelp() throws Exception {
        List<Class<?>> types = new ArrayList<>(List.of(WithVcfTokenStep.class, VcfTokenRefreshStep.class));
        for (TokenBindingDescriptor binding : jenkins.jenkins.getExtensionList(TokenBindingDescriptor.class)) {
            types.add(binding.clazz);
        }
        assertThat(types).hasSizeGreaterThan(6);
        for (Class<?> type : types) {
            SnippetizerTester.assertDocGeneration(type.asSubclass(Describable.class));
            DescribableModel<?> model = DescribableModel.of(type);
            assertThat(model.getHelp()).as(type.getName()).isNotBlank();
            for (DescribableParameter parameter : model.getParameters()) {
                assertThat(parameter.getHelp())
                        .as(type + "." + parameter.getName())
                        .isNotBlank();
            }
        }
    }

    /** The form of the build wrapper includes the form and the help of the step. */
    @Test
    void buildWrapper_hasTheParametersOfTheStep() {
        assertThat(DescribableModel.of(VcfTokenBuildWrapper.class).getParameters())
                .extracting(DescribableParameter::getName)
                .containsExactlyInAnyOrderElementsOf(
                        DescribableModel.of(WithVcfTokenStep.class).getParameters().stream()
                                .map(DescribableParameter::getName)
                                .toList());
    }

    @Test
    void dropDown_offersVcfCredentialsOfTheControllerAndTheFolder() throws Exception {
        Item job = team.createProject(WorkflowJob.class, "pipeline");
        Item project = team.createProject(FreeStyleProject.class, "project");
        for (CredentialsIdDescriptor form : credentialsIdDescriptors()) {
            assertThat(values(form.doFillCredentialsIdItems(job, "")))
                    .containsExactlyInAnyOrder("", "of-all", "of-team");
            assertThat(values(form.doFillCredentialsIdItems(project, "gone")))
                    .containsExactlyInAnyOrder("", "of-all", "of-team", "gone");
            assertThat(values(form.doFillCredentialsIdItems(others, "")))
                    .containsExactlyInAnyOrder("", "of-all", "of-others");
            assertThat(values(form.doFillCredentialsIdItems(null, ""))).containsExactlyInAnyOrder("", "of-all");
        }
    }

    @Test
    void dropDown_withoutPermission_offersOnlyTheCurrentValue() throws Exception {
        Item job = team.createProject(WorkflowJob.class, "guarded");
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.READ, Item.READ)
                .everywhere()
                .to("reader", "configurer", "user")
                .grant(Item.CONFIGURE)
                .onItems(job)
                .to("configurer")
                .grant(CredentialsProvider.USE_ITEM)
                .onItems(job)
                .to("user"));
        for (CredentialsIdDescriptor form : credentialsIdDescriptors()) {
            assertThat(itemsForUser("reader", form, job)).containsExactly("current");
            assertThat(itemsForUser("reader", form, null)).containsExactly("current");
            assertThat(itemsForUser("configurer", form, job)).contains("of-all", "of-team", "current");
            assertThat(itemsForUser("configurer", form, null)).containsExactly("current");
            assertThat(itemsForUser("user", form, job)).contains("of-all", "of-team", "current");
        }
    }

    /** The browser sends the job in the URL. */
    @Test
    void dropDownRequest_withTheUrlOfAJob_offersCredentialsOfItsFolder() throws Exception {
        team.createProject(WorkflowJob.class, "requested");
        JenkinsRule.WebClient client = JenkinsPages.newClient(jenkins);
        for (CredentialsIdDescriptor form : credentialsIdDescriptors()) {
            WebRequest request = new WebRequest(
                    client.createCrumbedUrl("job/team/job/requested/descriptorByName/"
                            + ((Descriptor<?>) form).clazz.getName() + "/fillCredentialsIdItems"),
                    HttpMethod.POST);
            assertThat(client.getPage(request).getWebResponse().getContentAsString())
                    .contains("\"of-team\"", "\"of-all\"")
                    .doesNotContain("of-others", "\"text\"");
        }
    }

    private static List<String> itemsForUser(String user, CredentialsIdDescriptor form, Item job) {
        try (ACLContext asUser = ACL.as2(User.getOrCreateByIdOrFullName(user).impersonate2())) {
            return values(form.doFillCredentialsIdItems(job, "current"));
        }
    }

    private static List<CredentialsIdDescriptor> credentialsIdDescriptors() {
        List<CredentialsIdDescriptor> descriptors = jenkins.jenkins.getExtensionList(Descriptor.class).stream()
                .filter(CredentialsIdDescriptor.class::isInstance)
                .map(CredentialsIdDescriptor.class::cast)
                .toList();
        assertThat(descriptors).hasSize(3);
        return descriptors;
    }

    private static List<String> values(ListBoxModel items) {
        return items.stream().map(option -> option.value).toList();
    }
}
