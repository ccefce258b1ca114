package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.Functions;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
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

/** The pages as people see them whose browsers ask for another language than English. */
class LanguagesBrowserJenkinsTest extends JenkinsInBrowser {

    private static final Path RESOURCES = Path.of("src/main/resources/io/jenkins/plugins/vcftoken");
    private static final String PAGE = "manage/vcf-tokens/";
    private static final String PANEL = "#main-panel";
    private static final String FORM = "form[name='update']";
    private static final String SCROLLS = ".vcf-tokens-scroll";

    /** What is shorter may be part of another word. */
    private static final int TELLING = 12;

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

    private static final LocaleProvider OF_TESTS = LocaleProvider.getProvider();

    private static String clientId;

    /** As the web application sets it up, of which there is none in tests. */
    @BeforeAll
    static void speakAsAsked() {
        LocaleProvider.setProvider(new LocaleProvider() {
            @Override
            public Locale get() {
                return Functions.getCurrentLocale();
            }
        });
    }

    @AfterAll
    static void speakAsEver() {
        LocaleProvider.setProvider(OF_TESTS);
    }

    @BeforeAll
    static void accounts() throws Exception {
        simulator.devices().setInterval(Duration.ofSeconds(1));
        for (String id : new String[] {"dead", "fresh"}) {
            VcfaServiceAccount account = new VcfaServiceAccount(
                    CredentialsScope.GLOBAL,
                    id,
                    null,
                    simulator.url().toString(),
                    "acme",
                    Secret.fromString(id.equals("dead") ? simulator.addAccount(id, "acme") : ""));
            account.setCaCertificates(simulator.authorityPem());
            ExamplesJenkinsTest.store(account);
        }
        clientId = simulator.devices().addAccount("fresh", "acme");
        simulator.revoke("dead");
        browser.visit(PAGE + "credential/dead/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.find("[role='alert']");
        browser.forgetAnswers(400);
    }

    @AfterEach
    void backToEnglish() {
        browser.speak("en-US");
    }

    @ParameterizedTest
    @ValueSource(strings = {"de", "ja"})
    void everythingOfOursIsTranslatedAndFits(String language) throws Exception {
        browser.speak(language);
        browser.usePhone();

        browser.visit(PAGE + "credential/dead/");
        browser.find("form[name='retry']");
        assertTranslated(language, "health/TokenDetailPage/index");
        browser.assertFitsBut(PANEL, SCROLLS);

        browser.visit(PAGE);
        browser.find("#vcf-tokens");
        assertTranslated(language, "health/TokenListPage/index");
        browser.assertFitsBut(PANEL, SCROLLS);

        browser.visit(PAGE + "credential/fresh/authorize/");
        assertTranslated(language, "health/DeviceFlowPage/index");
        browser.find("#vcf-client-id").clear();
        browser.find("#vcf-client-id").sendKeys(clientId);
        browser.click(browser.find("form[name='start'] button"));
        browser.find("#vcf-user-code");
        assertTranslated(language, "health/DeviceFlowPage/index");
        browser.assertFits(PANEL);
        browser.click(browser.find("form[name='cancel'] button"));

        browser.visit("manage/credentials/store/system/domain/_/credential/fresh/update");
        new JenkinsForm(browser, FORM)
                .assertSays("refreshToken", "warning", "")
                .fill("organization", "a@b")
                .assertSays("organization", "warning", "");
        assertTranslated(language, "credentials/VcfaServiceAccount/credentials");
        assertTranslated(language, "credentials/AbstractVcfCredentials/tokens");
        browser.assertFits(FORM);
    }

    /** @param view whose translated texts must be among what is seen, while no English one of ours is */
    private static void assertTranslated(String language, String view) throws IOException {
        List<String> pieces = ((List<?>) browser.run(VISIBLE_TEXTS, browser.find(PANEL)))
                .stream().map(String::valueOf).toList();
        String seen = String.join("\n", pieces);
        Map<String, String> texts = texts(language, view);
        assertThat(texts.values()).as(view).anyMatch(text -> !text.isEmpty() && seen.contains(text));
        texts.putAll(texts(language, "health/Messages"));
        texts.putAll(texts(language, "Messages"));
        assertThat(texts.keySet())
                .as("English in " + seen)
                .noneMatch(text -> text.length() < TELLING ? pieces.contains(text) : seen.contains(text));
    }

    /** English texts with their translations, in pieces where something is put in between. */
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
                        .filter(piece -> piece.length() >= TELLING)
                        .forEach(piece -> texts.put(piece.replace("''", "'"), translation));
            }
        }
        texts.entrySet().removeIf(each -> each.getValue().contains(each.getKey()));
        return texts;
    }

    /** Of all languages: what one lacks would be English there. */
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
