package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.Functions;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.jvnet.localizer.LocaleProvider;

/** The pages in browsers that request another language than English. */
class LanguagesBrowserJenkinsTest extends JenkinsBrowserTestBase {

    private static final Path RESOURCES = Path.of("src/main/resources/io/jenkins/plugins/vcftoken");
    private static final String PAGE = "manage/vcf-tokens/";
    private static final String PANEL = "#main-panel";
    private static final String FORM = "form[name='update']";
    private static final String SCROLLS = ".vcf-tokens-scroll";

    /** Shorter texts may be part of another word. */
    private static final int MIN_LENGTH = 12;

    private static final String VISIBLE_TEXTS = """
            const texts = [];
            const walker = document.createTreeWalker(arguments[0], NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
              if (walker.currentNode.parentElement.checkVisibility()) {
                texts.push(walker.currentNode.textContent.trim());
              }
            }
            return texts;
            """;

    private static final LocaleProvider DEFAULT_PROVIDER = LocaleProvider.getProvider();

    private static String clientId;

    /** Does what the web application of Jenkins does at startup, and the test harness does not. */
    @BeforeAll
    static void useRequestLocale() {
        LocaleProvider.setProvider(new LocaleProvider() {
            @Override
            public Locale get() {
                return Functions.getCurrentLocale();
            }
        });
    }

    @AfterAll
    static void restoreLocaleProvider() {
        LocaleProvider.setProvider(DEFAULT_PROVIDER);
    }

    @BeforeAll
    static void accounts() throws Exception {
        simulator.devices().setInterval(Duration.ofSeconds(1));
        for (String id : new String[] {"revoked", "fresh"}) {
            JenkinsAccount.add(
                    simulator.url().toString(),
                    simulator.authorityPem(),
                    id,
                    id.equals("revoked") ? simulator.addAccount(id, "acme") : "");
        }
        clientId = simulator.devices().addAccount("fresh", "acme");
        simulator.revoke("revoked");
        browser.visit(PAGE + "credential/revoked/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.find("[role='alert']");
        browser.ignoreStatus(400);
    }

    @AfterEach
    void restoreEnglish() {
        browser.setLanguage("en-US");
    }

    @ParameterizedTest
    @ValueSource(strings = {"de", "ja"})
    void pages_areTranslated_andFitNarrowWindow(String language) throws Exception {
        browser.setLanguage(language);
        browser.useNarrowWindow();

        browser.visit(PAGE + "credential/revoked/");
        browser.find("form[name='retry']");
        assertTranslated(language, "health/TokenDetailPage/index");
        browser.assertFitsExcept(PANEL, SCROLLS);

        browser.visit(PAGE);
        browser.find("#vcf-tokens");
        assertTranslated(language, "health/TokenListPage/index");
        browser.assertFitsExcept(PANEL, SCROLLS);

        browser.visit(PAGE + "credential/fresh/authorize/");
        assertTranslated(language, "health/DeviceFlowPage/index");
        browser.find("#vcf-client-id").clear();
        browser.find("#vcf-client-id").sendKeys(clientId);
        browser.click(browser.find("form[name='start'] button"));
        browser.find("#vcf-user-code");
        assertTranslated(language, "health/DeviceFlowPage/index");
        browser.assertFits(PANEL);
        cancelDeviceFlow();

        browser.visit("manage/credentials/store/system/domain/_/credential/fresh/update");
        new JenkinsForm(browser, FORM)
                .assertValidation("refreshToken", "warning", "")
                .fill("organization", "a@b")
                .assertValidation("organization", "warning", "");
        assertTranslated(language, "credentials/VcfaServiceAccount/credentials");
        assertTranslated(language, "credentials/AbstractVcfCredentials/tokens");
        browser.assertFits(FORM);
    }

    /** Checks that translated texts of the view are visible, and no English texts of the plugin. */
    private static void assertTranslated(String language, String view) throws IOException {
        List<String> pieces = ((List<?>) browser.executeScript(VISIBLE_TEXTS, browser.find(PANEL)))
                .stream().map(String::valueOf).toList();
        String visible = String.join("\n", pieces);
        Map<String, String> texts = texts(language, view);
        assertThat(texts.values()).as(view).anyMatch(text -> !text.isEmpty() && visible.contains(text));
        texts.putAll(texts(language, "health/Messages"));
        texts.putAll(texts(language, "Messages"));
        assertThat(texts.keySet())
                .as("English in " + visible)
                .noneMatch(text -> text.length() < MIN_LENGTH ? pieces.contains(text) : visible.contains(text));
    }

    /** English texts with their translations, split at placeholders. */
    private static Map<String, String> texts(String language, String name) throws IOException {
        Path base = RESOURCES.resolve(name + ".properties");
        Properties english = Files.exists(base) ? load(base) : new Properties();
        Properties translated = load(RESOURCES.resolve(name + '_' + language + ".properties"));
        Map<String, String> texts = new HashMap<>();
        for (String key : keys(name)) {
            String text = english.getProperty(key, key);
            String translation = translated.getProperty(key, "");
            if (!text.contains("{")) {
                texts.put(text.replace("''", "'"), translation);
            } else {
                Stream.of(text.split("\\{\\d[^}]*}"))
                        .map(String::strip)
                        .filter(piece -> piece.length() >= MIN_LENGTH)
                        .forEach(piece -> texts.put(piece.replace("''", "'"), translation));
            }
        }
        texts.entrySet().removeIf(each -> each.getValue().contains(each.getKey()));
        return texts;
    }

    /** Keys of all languages, since a missing one would be shown in English. */
    private static Set<String> keys(String name) throws IOException {
        Set<String> keys = new HashSet<>();
        for (String language : new String[] {"de", "ja"}) {
            keys.addAll(load(RESOURCES.resolve(name + '_' + language + ".properties"))
                    .stringPropertyNames());
        }
        return keys;
    }

    private static Properties load(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        return properties;
    }
}
