package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Descriptor;
import hudson.model.FreeStyleProject;
import hudson.model.Item;
import hudson.security.Permission;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.health.JenkinsPages;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * Permissions of all web methods and views. The test fails if the plugin has a method or view with a URL that is not
 * in the table.
 */
@WithJenkins
class WebMethodsJenkinsTest {

    /** Anonymous; read permission; configures one job; has all permissions in its folder; administrator. */
    private static final List<String> ROLES = List.of("", "reader", "configurer", "owner", "admin");

    private static final Pattern KIND = Pattern.compile("^<div[^>]* class=['\"]?(error|warning|ok)");

    /**
     * Method | context of a descriptor, or URL | parameters | responses to GET | to POST | to POST without a crumb. A
     * response is its status, or for status 200: {@code ok}, {@code warning} or {@code error} of a form validation;
     * {@code denied} of a button; {@code list} of credentials, or the {@code current} value alone; otherwise {@code
     * page}. A column has one response for all roles, or one for each; {@code -} if another row covers it.
     */
    private static final String TABLE = """
            CspApiToken.doCheckApiToken | | value=a+b | 403 404 404 404 404 | 403 ok ok ok error | 403
            CspApiToken.doCheckApiToken | job/team/ | value=a+b | - | 403 ok ok error error | -
            CspApiToken.doCheckCaCertificates | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            CspApiToken.doCheckCaCertificates | job/team/ | value=x | - | 403 ok ok error error | -
            CspApiToken.doCheckSkipTlsVerification | | value=true | 403 404 404 404 404 | 403 ok ok ok warning | 403
            CspApiToken.doCheckSkipTlsVerification | job/team/ | value=true | - | 403 ok ok warning warning | -
            CspApiToken.doCheckUrl | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            CspApiToken.doCheckUrl | job/team/ | value=x | - | 403 ok ok error error | -
            CspOAuthApp.doCheckAccessTokenValiditySeconds | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            CspOAuthApp.doCheckAccessTokenValiditySeconds | job/team/ | value=x | - | 403 ok ok error error | -
            CspOAuthApp.doCheckAppId | | value=a:b | 403 404 404 404 404 | 403 ok ok ok error | 403
            CspOAuthApp.doCheckAppId | job/team/ | value=a:b | - | 403 ok ok error error | -
            CspOAuthApp.doCheckAppSecret | | value= | 403 404 404 404 404 | 403 ok ok ok warning | 403
            CspOAuthApp.doCheckAppSecret | job/team/ | value= | - | 403 ok ok warning warning | -
            CspOAuthApp.doCheckCaCertificates | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            CspOAuthApp.doCheckCaCertificates | job/team/ | value=x | - | 403 ok ok error error | -
            CspOAuthApp.doCheckOrganizationId | | value=x | 403 404 404 404 404 | 403 ok ok ok warning | 403
            CspOAuthApp.doCheckOrganizationId | job/team/ | value=x | - | 403 ok ok warning warning | -
            CspOAuthApp.doCheckSkipTlsVerification | | value=true | 403 404 404 404 404 | 403 ok ok ok warning | 403
            CspOAuthApp.doCheckSkipTlsVerification | job/team/ | value=true | - | 403 ok ok warning warning | -
            CspOAuthApp.doCheckUrl | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            CspOAuthApp.doCheckUrl | job/team/ | value=x | - | 403 ok ok error error | -
            SddcManagerUser.doCheckApiKey | | value=a+b | 403 404 404 404 404 | 403 ok ok ok error | 403
            SddcManagerUser.doCheckApiKey | job/team/ | value=a+b | - | 403 ok ok error error | -
            SddcManagerUser.doCheckCaCertificates | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            SddcManagerUser.doCheckCaCertificates | job/team/ | value=x | - | 403 ok ok error error | -
            SddcManagerUser.doCheckPassword | | value= | 403 404 404 404 404 | 403 ok ok ok error | 403
            SddcManagerUser.doCheckPassword | job/team/ | value= | - | 403 ok ok error error | -
            SddcManagerUser.doCheckSkipTlsVerification | | value=true | 403 404 404 404 404 | 403 ok ok ok warning | 403
            SddcManagerUser.doCheckSkipTlsVerification | job/team/ | value=true | - | 403 ok ok warning warning | -
            SddcManagerUser.doCheckUrl | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            SddcManagerUser.doCheckUrl | job/team/ | value=x | - | 403 ok ok error error | -
            SddcManagerUser.doCheckUsername | | value=x | 403 404 404 404 404 | 403 ok ok ok warning | 403
            SddcManagerUser.doCheckUsername | job/team/ | value=x | - | 403 ok ok warning warning | -
            VcfaServiceAccount.doCheckCaCertificates | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfaServiceAccount.doCheckCaCertificates | job/team/ | value=x | - | 403 ok ok error error | -
            VcfaServiceAccount.doCheckOrganization | | value=a@b | 403 404 404 404 404 | 403 ok ok ok warning | 403
            VcfaServiceAccount.doCheckOrganization | job/team/ | value=a@b | - | 403 ok ok warning warning | -
            VcfaServiceAccount.doCheckRefreshToken | | value= | 403 404 404 404 404 | 403 ok ok ok warning | 403
            VcfaServiceAccount.doCheckRefreshToken | job/team/ | value= | - | 403 ok ok warning warning | -
            VcfaServiceAccount.doCheckSkipTlsVerification | | value=true | 403 404 404 404 404 | 403 ok ok ok warning | 403
            VcfaServiceAccount.doCheckSkipTlsVerification | job/team/ | value=true | - | 403 ok ok warning warning | -
            VcfaServiceAccount.doCheckUrl | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfaServiceAccount.doCheckUrl | job/team/ | value=x | - | 403 ok ok error error | -
            VcfaServiceAccount.doTestConnection | | url=https://v.example.com&organization=acme&refreshToken=x | 403 404 404 404 404 | 403 denied denied denied warning | 403
            VcfaServiceAccount.doTestConnection | job/team/ | url=https://v.example.com&organization=acme&refreshToken=x | 403 404 404 404 404 | 403 denied denied warning warning | 403
            VcfTokensManagementLink.getTarget | manage/vcf-tokens/ | | 403 403 403 403 page | 403 403 403 403 page | 403
            TokenListPage.getTarget | manage/vcf-tokens/api/json | | 403 403 403 403 page | 403 403 403 403 page | 403
            TokenListPage.getTarget | job/team/vcf-tokens/api/json | | 403 403 403 page page | 403 403 403 page page | 403
            TokenListPage:index | manage/vcf-tokens/ | | 403 403 403 403 page | 403 403 403 403 page | 403
            TokenListPage:index | job/team/vcf-tokens/ | | 403 403 403 page page | 403 403 403 page page | 403
            TokenListPage.doCsv | job/team/vcf-tokens/credentials.csv | | 403 403 403 page page | 403 403 403 404 404 | 403
            TokenListPage.doForget | manage/vcf-tokens/forget | record=x | 403 403 403 403 302 | 403 403 403 403 400 | 403
            TokenListPage.doForget | job/team/vcf-tokens/forget | record=x | 403 403 403 302 302 | 403 403 403 403 400 | 403
            TokenDetailPage.getTarget | job/team/vcf-tokens/credential/own/api/json | | 403 403 403 page page | 403 403 403 page page | 403
            TokenDetailPage:index | job/team/vcf-tokens/credential/own/ | | 403 403 403 page page | 403 403 403 page page | 403
            TokenDetailPage.doRenew | job/team/vcf-tokens/credential/own/renew | | 403 403 403 302 302 | 403 403 403 400 400 | 403
            TokenDetailPage.doRetry | job/team/vcf-tokens/credential/own/retry | | 403 403 403 302 302 | 403 403 403 400 400 | 403
            TokenDetailPage.doForget | job/team/vcf-tokens/credential/own/forget | | 403 403 403 302 302 | 403 403 403 400 400 | 403
            DeviceFlowPage.getTarget | job/team/vcf-tokens/credential/account/authorize/ | | 403 403 403 page page | 403 403 403 page page | 403
            DeviceFlowPage:index | job/team/vcf-tokens/credential/account/authorize/ | | 403 403 403 page page | 403 403 403 page page | 403
            DeviceFlowPage.doStart | job/team/vcf-tokens/credential/account/authorize/start | | 403 403 403 302 302 | 403 403 403 page page | 403
            DeviceFlowPage.doCancel | job/team/vcf-tokens/credential/account/authorize/cancel | | 403 403 403 302 302 | 403 403 403 302 302 | 403
            DeviceFlowPage.doStatus | job/team/vcf-tokens/credential/account/authorize/status | | 403 403 403 404 404 | 403 403 403 page page | 403
            TokenErrorMonitor.doDismiss | administrativeMonitor/io.jenkins.plugins.vcftoken.health.TokenErrorMonitor/dismiss | finding=x | 403 403 403 403 404 | 403 403 403 403 302 | 403
            SecretExpiryMonitor.doDismiss | administrativeMonitor/io.jenkins.plugins.vcftoken.health.SecretExpiryMonitor/dismiss | finding=x | 403 403 403 403 404 | 403 403 403 403 302 | 403
            TlsVerificationMonitor.doDismiss | administrativeMonitor/io.jenkins.plugins.vcftoken.health.TlsVerificationMonitor/dismiss | finding=x | 403 403 403 403 404 | 403 403 403 403 302 | 403
            TokenListPage.toPage | manage/vcf-tokens/forget | | 403 403 403 403 302 | 403 403 403 403 400 | 403
            TokenDetailPage.toPage | job/team/vcf-tokens/credential/own/renew | | 403 403 403 302 302 | 403 403 403 400 400 | 403
            DeviceFlowPage.toPage | job/team/vcf-tokens/credential/account/authorize/start | | 403 403 403 302 302 | 403 403 403 page page | 403
            CspApiToken.doTestConnection | | url=x | 403 404 404 404 404 | 403 denied denied denied error | 403
            CspApiToken.doTestConnection | job/team/ | url=x | - | 403 denied denied error error | -
            CspOAuthApp.doCheckScopes | | value=a,b | 403 404 404 404 404 | 403 ok ok ok warning | 403
            CspOAuthApp.doCheckScopes | job/team/ | value=a,b | - | 403 ok ok warning warning | -
            CspOAuthApp.doTestConnection | | url=x | 403 404 404 404 404 | 403 denied denied denied error | 403
            CspOAuthApp.doTestConnection | job/team/ | url=x | - | 403 denied denied error error | -
            SddcManagerUser.doTestConnection | | url=x | 403 404 404 404 404 | 403 denied denied denied error | 403
            SddcManagerUser.doTestConnection | job/team/ | url=x | - | 403 denied denied error error | -
            VcfOperationsUser.doCheckAuthSource | | value=VCF+SSO | 403 404 404 404 404 | 403 ok ok ok warning | 403
            VcfOperationsUser.doCheckAuthSource | job/team/ | value=VCF+SSO | - | 403 ok ok warning warning | -
            VcfOperationsUser.doCheckCaCertificates | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfOperationsUser.doCheckCaCertificates | job/team/ | value=x | - | 403 ok ok error error | -
            VcfOperationsUser.doCheckPassword | | value= | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfOperationsUser.doCheckPassword | job/team/ | value= | - | 403 ok ok error error | -
            VcfOperationsUser.doCheckSkipTlsVerification | | value=true | 403 404 404 404 404 | 403 ok ok ok warning | 403
            VcfOperationsUser.doCheckSkipTlsVerification | job/team/ | value=true | - | 403 ok ok warning warning | -
            VcfOperationsUser.doCheckUrl | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfOperationsUser.doCheckUrl | job/team/ | value=x | - | 403 ok ok error error | -
            VcfOperationsUser.doCheckUsername | | value= | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfOperationsUser.doCheckUsername | job/team/ | value= | - | 403 ok ok error error | -
            VcfOperationsUser.doTestConnection | | url=x | 403 404 404 404 404 | 403 denied denied denied error | 403
            VcfOperationsUser.doTestConnection | job/team/ | url=x | - | 403 denied denied error error | -
            VcfSsoApiToken.doCheckApiToken | | value=a+b | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfSsoApiToken.doCheckApiToken | job/team/ | value=a+b | - | 403 ok ok error error | -
            VcfSsoApiToken.doCheckCaCertificates | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfSsoApiToken.doCheckCaCertificates | job/team/ | value=x | - | 403 ok ok error error | -
            VcfSsoApiToken.doCheckExpiresOn | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfSsoApiToken.doCheckExpiresOn | job/team/ | value=x | - | 403 ok ok error error | -
            VcfSsoApiToken.doCheckRegenerateDaysBefore | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfSsoApiToken.doCheckRegenerateDaysBefore | job/team/ | value=x | - | 403 ok ok error error | -
            VcfSsoApiToken.doCheckSkipTlsVerification | | value=true | 403 404 404 404 404 | 403 ok ok ok warning | 403
            VcfSsoApiToken.doCheckSkipTlsVerification | job/team/ | value=true | - | 403 ok ok warning warning | -
            VcfSsoApiToken.doCheckTenant | | value=a/b | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfSsoApiToken.doCheckTenant | job/team/ | value=a/b | - | 403 ok ok error error | -
            VcfSsoApiToken.doCheckUrl | | value=x | 403 404 404 404 404 | 403 ok ok ok error | 403
            VcfSsoApiToken.doCheckUrl | job/team/ | value=x | - | 403 ok ok error error | -
            VcfSsoApiToken.doTestConnection | | url=x | 403 404 404 404 404 | 403 denied denied denied error | 403
            VcfSsoApiToken.doTestConnection | job/team/ | url=x | - | 403 denied denied error error | -
            VcfaServiceAccount.doCheckClientId | | value=x | 403 404 404 404 404 | 403 ok ok ok warning | 403
            VcfaServiceAccount.doCheckClientId | job/team/ | value=x | - | 403 ok ok warning warning | -
            CaFileBinding.doCheckVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            FleetServiceBinding.doCheckHeaderFileVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            FleetServiceBinding.doCheckKey | | value=a b | 403 404 404 404 404 | 403 error error error error | 403
            FleetServiceBinding.doCheckUrl | | value=http://x | 403 404 404 404 404 | 403 error error error error | 403
            FleetServiceBinding.doCheckVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            HeaderFileBinding.doCheckHeader | | value=a:b | 403 404 404 404 404 | 403 error error error error | 403
            HeaderFileBinding.doCheckScheme | | value=a:b | 403 404 404 404 404 | 403 error error error error | 403
            HeaderFileBinding.doCheckVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            KubeconfigBinding.doCheckVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            OrganizationNameBinding.doCheckVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            TerraformBinding.doCheckVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            TokenFileBinding.doCheckVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            VcenterSessionBinding.doCheckHeaderFileVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            VcenterSessionBinding.doCheckUrl | | value=http://x | 403 404 404 404 404 | 403 error error error error | 403
            VcenterSessionBinding.doCheckVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            VcfaProviderSessionBinding.doCheckHeaderFileVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            VcfaProviderSessionBinding.doCheckUrl | | value=http://x | 403 404 404 404 404 | 403 error error error error | 403
            VcfaProviderSessionBinding.doCheckVariable | | value=1A | 403 404 404 404 404 | 403 error error error error | 403
            TerraformBinding.doFillProviderItems | | provider=x | 403 404 404 404 404 | 403 current current current current | 403
            VcfTokenBuildWrapper.doCheckCredentialsId | | value=x | 403 404 404 404 404 | 403 ok ok ok warning | 403
            VcfTokenBuildWrapper.doCheckCredentialsId | job/team/ | value=x | - | 403 ok ok warning warning | -
            VcfTokenBuildWrapper.doCheckCredentialsId | job/team/job/job/ | value=x | - | 403 ok warning warning warning | -
            VcfTokenBuildWrapper.doCheckMinimumValidity | | value=-1 | 403 404 404 404 404 | 403 error error error error | 403
            VcfTokenBuildWrapper.doCheckMinimumValidity | job/team/ | value=-1 | - | 403 error error error error | -
            VcfTokenBuildWrapper.doCheckTokenVariable | | tokenVariable=A&urlVariable=A | 403 404 404 404 404 | 403 error error error error | 403
            VcfTokenBuildWrapper.doCheckTokenVariable | job/team/ | tokenVariable=A&urlVariable=A | - | 403 error error error error | -
            WithVcfTokenStep.doCheckCredentialsId | | value=x | 403 404 404 404 404 | 403 ok ok ok warning | 403
            WithVcfTokenStep.doCheckCredentialsId | job/team/ | value=x | - | 403 ok ok warning warning | -
            WithVcfTokenStep.doCheckCredentialsId | job/team/job/job/ | value=x | - | 403 ok warning warning warning | -
            WithVcfTokenStep.doCheckMinimumValidity | | value=-1 | 403 404 404 404 404 | 403 error error error error | 403
            WithVcfTokenStep.doCheckMinimumValidity | job/team/ | value=-1 | - | 403 error error error error | -
            WithVcfTokenStep.doCheckTokenVariable | | tokenVariable=A&urlVariable=A | 403 404 404 404 404 | 403 error error error error | 403
            WithVcfTokenStep.doCheckTokenVariable | job/team/ | tokenVariable=A&urlVariable=A | - | 403 error error error error | -
            VcfTokenBuildWrapper.doFillCredentialsIdItems | | credentialsId=x | 403 404 404 404 404 | 403 current current current list | 403
            VcfTokenBuildWrapper.doFillCredentialsIdItems | job/team/ | credentialsId=x | 403 404 404 404 404 | 403 current current list list | 403
            VcfTokenBuildWrapper.doFillCredentialsIdItems | job/team/job/job/ | credentialsId=x | 403 404 404 404 404 | 403 current list list list | 403
            VcfTokenRefreshStep.doFillCredentialsIdItems | | credentialsId=x | 403 404 404 404 404 | 403 current current current list | 403
            VcfTokenRefreshStep.doFillCredentialsIdItems | job/team/ | credentialsId=x | 403 404 404 404 404 | 403 current current list list | 403
            VcfTokenRefreshStep.doFillCredentialsIdItems | job/team/job/job/ | credentialsId=x | 403 404 404 404 404 | 403 current list list list | 403
            WithVcfTokenStep.doFillCredentialsIdItems | | credentialsId=x | 403 404 404 404 404 | 403 current current current list | 403
            WithVcfTokenStep.doFillCredentialsIdItems | job/team/ | credentialsId=x | 403 404 404 404 404 | 403 current current list list | 403
            WithVcfTokenStep.doFillCredentialsIdItems | job/team/job/job/ | credentialsId=x | 403 404 404 404 404 | 403 current list list list | 403
            """;

    @Test
    void eachRole_getsTheExpectedResponse(JenkinsRule jenkins) throws Exception {
        setUp(jenkins);
        SortedMap<String, Class<?>> found = WebMethods.find();
        List<String[]> rows = TABLE.lines().map(line -> line.split(" *\\| *")).toList();
        assertThat(rows).allSatisfy(row -> assertThat(row).hasSize(6));
        Set<String> tabulated = rows.stream().map(row -> row[0]).collect(Collectors.toSet());
        assertThat(tabulated)
                .as("the table has all web methods, and no others")
                .containsExactlyInAnyOrderElementsOf(found.keySet());
        List<JenkinsRule.WebClient> clients = clients(jenkins);
        List<String> expected = new ArrayList<>();
        List<String> actual = new ArrayList<>();
        for (String[] row : rows) {
            String url = url(jenkins, row[0], row[1], found.get(row[0])) + (row[2].isEmpty() ? "" : '?' + row[2]);
            String prefix = row[0] + " | " + row[1] + " | " + row[2];
            expected.add(
                    prefix + " | " + forAllRoles(row[3]) + " | " + forAllRoles(row[4]) + " | " + forAllRoles(row[5]));
            actual.add(
                    prefix + " | " + (row[3].equals("-") ? row[3] : send(clients, url, HttpMethod.GET, false)) + " | "
                            + send(clients, url, HttpMethod.POST, true) + " | "
                            + (row[5].equals("-") ? row[5] : send(clients, url, HttpMethod.POST, false)));
        }
        assertThat(String.join("\n", actual)).isEqualTo(String.join("\n", expected));
    }

    private static void setUp(JenkinsRule jenkins) throws Exception {
        Folder folder = jenkins.createProject(Folder.class, "team");
        FreeStyleProject job = folder.createProject(FreeStyleProject.class, "job");
        SystemCredentialsProvider.getInstance()
                .getCredentials()
                .add(new CspApiToken(
                        CredentialsScope.GLOBAL, "visible", null, "https://c.example.com", Secret.fromString("x")));
        CredentialsStore store = JenkinsAccount.findStore(folder);
        store.addCredentials(
                Domain.global(),
                new CspApiToken(CredentialsScope.GLOBAL, "own", null, "https://c.example.com", Secret.fromString("")));
        store.addCredentials(
                Domain.global(),
                new VcfaServiceAccount(
                        CredentialsScope.GLOBAL, "account", null, "https://v.example.com", "acme", null));
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        Permission[] credentialPermissions = {
            CredentialsProvider.VIEW, CredentialsProvider.CREATE, CredentialsProvider.UPDATE, CredentialsProvider.DELETE
        };
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.READ)
                .everywhere()
                .to("reader", "configurer", "owner")
                .grant(Item.READ)
                .everywhere()
                .to("reader", "configurer", "owner")
                .grant(Item.CONFIGURE, Item.BUILD)
                .onItems(job)
                .to("configurer")
                .grant(Item.CONFIGURE, Item.CREATE, Item.DELETE)
                .onFolders(folder)
                .to("owner")
                .grant(credentialPermissions)
                .onFolders(folder)
                .to("owner")
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin"));
    }

    private static List<JenkinsRule.WebClient> clients(JenkinsRule jenkins) throws Exception {
        List<JenkinsRule.WebClient> clients = new ArrayList<>();
        for (String role : ROLES) {
            JenkinsRule.WebClient client = JenkinsPages.newClient(jenkins);
            if (!role.isEmpty()) {
                client.login(role);
            }
            client.setThrowExceptionOnFailingStatusCode(false);
            client.getOptions().setRedirectEnabled(false);
            clients.add(client);
        }
        return clients;
    }

    private static String url(JenkinsRule jenkins, String method, String context, Class<?> type) throws Exception {
        if (!Descriptor.class.isAssignableFrom(type)) {
            return jenkins.getURL() + context;
        }
        String name = method.substring(method.indexOf(".do") + 3);
        return jenkins.getURL() + context + "descriptorByName/"
                + type.getEnclosingClass().getName() + '/'
                + Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    private static String forAllRoles(String responses) {
        return responses.contains(" ") || responses.equals("-")
                ? responses
                : String.join(" ", Collections.nCopies(ROLES.size(), responses));
    }

    private static String send(List<JenkinsRule.WebClient> clients, String url, HttpMethod method, boolean crumb)
            throws Exception {
        List<String> responses = new ArrayList<>();
        for (JenkinsRule.WebClient client : clients) {
            WebRequest request = new WebRequest(new URL(url), method);
            if (crumb) {
                client.addCrumb(request);
            }
            responses.add(describe(client.loadWebResponse(request)));
        }
        return String.join(" ", responses);
    }

    private static String describe(WebResponse response) {
        String text = response.getContentAsString();
        if (response.getStatusCode() != 200) {
            return Integer.toString(response.getStatusCode());
        } else if (response.getContentType().contains("json") && text.contains("\"values\"")) {
            return text.contains("\"visible\"") ? "list" : "current";
        } else if (text.startsWith("<div")) {
            Matcher kind = KIND.matcher(text);
            return text.contains("You may neither create") ? "denied" : kind.find() ? kind.group(1) : "ok";
        }
        return "page";
    }
}
