package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.results.Rule;
import com.deque.html.axecore.selenium.AxeBuilder;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.ExpectedCondition;
import org.openqa.selenium.support.ui.WebDriverWait;

/** A Chromium in which a person looks at Jenkins, and what such a person must never get to see. */
final class JenkinsBrowser implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Dimension DESK = new Dimension(1100, 1000);
    private static final Dimension PHONE = new Dimension(400, 900);

    /** What Jenkins' own tags and colors do to people, which no plugin can change: rules, and where to overlook them. */
    private static final Map<String, String> MATTERS_OF_JENKINS = Map.of(
            "label", ".jenkins-form-item.tr",
            "select-name", ".jenkins-form-item.tr, .dropdownList-container, #main-panel > form",
            "tabindex", ".jenkins-help-button",
            "color-contrast",
                    ".jenkins-alert-danger, .jenkins-alert-success, .jenkins-alert-warning p, .jenkins-alert-warning strong, .jenkins-alert-warning div, .jenkins-alert-warning li, .jenkins-app-bar__subtitle,"
                            + " .jenkins-form-description,"
                            + " .jenkins-page-description, .validation-error-area");

    private static final String REMEMBER_VIOLATIONS = """
            document.addEventListener('securitypolicyviolation', event => {
              const seen = JSON.parse(sessionStorage.getItem('violations') || '[]');
              seen.push(`${event.effectiveDirective} ${event.blockedURI} at ${event.documentURI}: ${event.sample}`);
              sessionStorage.setItem('violations', JSON.stringify(seen));
            });
            """;

    private final ChromeDriver driver;
    private final String root;

    /** @param root the address of Jenkins, with a slash at its end */
    JenkinsBrowser(String root) {
        this.root = root;
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium().orElseThrow());
        options.setCapability("goog:loggingPrefs", logs);
        options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage");
        options.addArguments("--hide-scrollbars", "--force-device-scale-factor=1", "--force-prefers-reduced-motion");
        options.addArguments("--lang=en-US");
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver().orElseThrow())
                .usingAnyFreePort()
                .build();
        driver = new ChromeDriver(service, options);
        driver.manage().window().setSize(DESK);
        driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", REMEMBER_VIOLATIONS));
    }

    /** For {@code @EnabledIf}: whether this machine has a browser and its driver, as Debian's packages install them. */
    static boolean isHere() {
        return chromium().isPresent() && chromedriver().isPresent();
    }

    private static Optional<File> chromium() {
        return onPath("chromium", "chromium-browser", "google-chrome");
    }

    private static Optional<File> chromedriver() {
        return onPath("chromedriver");
    }

    private static Optional<File> onPath(String... names) {
        return Stream.of(names)
                .flatMap(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .map(folder -> new File(folder, name)))
                .filter(File::canExecute)
                .findFirst();
    }

    @Override
    public void close() {
        driver.quit();
    }

    // Going about

    void signIn(String user) {
        signOut();
        visit("login");
        find("[name='j_username']").sendKeys(user);
        find("[name='j_password']").sendKeys(user);
        find("[name='Submit']").click();
        await("signed in", here -> here.findElements(By.name("j_password")).isEmpty());
    }

    void signOut() {
        driver.manage().deleteAllCookies();
    }

    /** What pages are asked for in, from now on. */
    void speak(String language) {
        driver.executeCdpCommand(
                "Emulation.setUserAgentOverride",
                Map.of("userAgent", run("return navigator.userAgent"), "acceptLanguage", language));
    }

    void allowClipboard() {
        driver.executeCdpCommand(
                "Browser.grantPermissions",
                Map.of("permissions", List.of("clipboardReadWrite", "clipboardSanitizedWrite")));
    }

    /**
     * Has pages run a script before their own ones.
     *
     * @return what ends that
     */
    Runnable prepare(String script) {
        Map<String, Object> prepared =
                driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script));
        return () -> driver.executeCdpCommand("Page.removeScriptToEvaluateOnNewDocument", prepared);
    }

    void visit(String path) {
        driver.get(root + path);
    }

    String path() {
        return driver.getCurrentUrl().substring(root.length());
    }

    void usePhone() {
        resize(PHONE);
    }

    void useWidth(int width) {
        resize(new Dimension(width, 900));
    }

    private void resize(Dimension size) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", size.width, "height", size.height, "deviceScaleFactor", 1, "mobile", false));
    }

    void putPhoneAway() {
        driver.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
    }

    /** The first one that can be seen, when it can be seen. */
    WebElement find(String css) {
        return await(css, here -> visible(css).findFirst().orElse(null));
    }

    /** The first one that can be seen with this text in it. */
    WebElement find(String css, String text) {
        return await(
                css + " with " + text,
                here -> visible(css)
                        .filter(element -> element.getText().contains(text))
                        .findFirst()
                        .orElse(null));
    }

    private Stream<WebElement> visible(String css) {
        return driver.findElements(By.cssSelector(css)).stream().filter(WebElement::isDisplayed);
    }

    List<WebElement> all(String css) {
        return driver.findElements(By.cssSelector(css));
    }

    /** Not under the bar at the bottom of forms. */
    void click(WebElement element) {
        run("arguments[0].scrollIntoView({block: 'center'})", element);
        element.click();
    }

    <T> T await(String what, ExpectedCondition<T> condition) {
        return new WebDriverWait(driver, PATIENCE)
                .ignoring(StaleElementReferenceException.class)
                .withMessage(() -> what + ", at " + driver.getCurrentUrl())
                .until(condition);
    }

    Object run(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    String text() {
        return driver.findElement(By.tagName("body")).getText();
    }

    // What must not be

    /** Takes from the console that pages were answered with this status, and fails for anything else. */
    void forgetAnswers(int status) {
        assertClean(" the server responded with a status of " + status + " ");
    }

    void assertClean() {
        assertClean(null);
    }

    /** No error on the console and nothing that the Content Security Policy had to stop, since the last time. */
    private void assertClean(@CheckForNull String expected) {
        List<String> complaints = new ArrayList<>();
        for (LogEntry entry : driver.manage().logs().get(LogType.BROWSER)) {
            if (entry.getLevel().intValue() >= Level.SEVERE.intValue()
                    && (expected == null || !entry.getMessage().contains(expected))) {
                complaints.add(entry.getMessage());
            }
        }
        if (driver.getCurrentUrl().startsWith(root)) {
            String violations = (String) run("const seen = sessionStorage.getItem('violations') || '[]';"
                    + "sessionStorage.removeItem('violations'); return seen;");
            if (!violations.equals("[]")) {
                complaints.add(violations);
            }
        }
        assertThat(complaints).as("complaints of the browser").isEmpty();
    }

    /** @param css what is ours on the page; the rest is for Jenkins to answer for */
    void assertAccessible(String css) {
        List<String> complaints = new ArrayList<>();
        for (Rule rule : new AxeBuilder().include(List.of(css)).analyze(driver).getViolations()) {
            if (Set.of("serious", "critical").contains(rule.getImpact())) {
                rule.getNodes().stream()
                        .filter(node -> !isMatterOfJenkins(rule.getId(), node.getTarget()))
                        .forEach(node -> complaints.add(rule.getId() + ": " + node.getHtml()));
            }
        }
        assertThat(complaints).as("what axe-core says of " + path()).isEmpty();
    }

    /** @param target a list with the one CSS selector of an element that is in no frame */
    private boolean isMatterOfJenkins(String rule, Object target) {
        String where = MATTERS_OF_JENKINS.get(rule);
        return where != null
                && (boolean) run(
                        "return !!document.querySelector(arguments[0])?.closest(arguments[1])",
                        target.toString().replaceAll("^\\[|]$", ""),
                        where);
    }

    /** @param css what must not reach out of the window to the right */
    void assertFits(String css) {
        assertFitsBut(css, "#none");
    }

    /** @param scrolls what may hold something wider than itself */
    void assertFitsBut(String css, String scrolls) {
        assertThat(run("""
                        const width = document.documentElement.clientWidth;
                        return [...document.querySelectorAll(arguments[0])]
                          .flatMap(root => [root, ...root.querySelectorAll('*')])
                          .filter(each => !each.parentElement.closest(arguments[1]))
                          .filter(each => each.offsetParent && each.getBoundingClientRect().right > width + 1)
                          .map(each => each.outerHTML.substring(0, 200));
                        """, css, scrolls))
                .as("too wide for " + driver.manage().window().getSize())
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .isEmpty();
    }

    // Pictures

    /** For the documentation, whole and at twice the resolution; taken when {@code -Dscreenshots=true}. */
    void picture(String name, String css) {
        if (!Boolean.getBoolean("screenshots")) {
            return;
        }
        // High enough for the bar that Jenkins keeps at the bottom of forms to be at their end.
        resize(new Dimension(DESK.width, 2 * DESK.height));
        Object clip = run("""
                document.activeElement.blur();
                window.scrollTo(0, 0);
                const box = arguments[0].getBoundingClientRect();
                const bottom = Math.max(...[...arguments[0].children].map(each => each.getBoundingClientRect().bottom));
                return {x: box.x, y: box.y, width: box.width, height: bottom - box.y + 10, scale: 2};
                """, find(css));
        Object png = driver.executeCdpCommand(
                        "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true, "clip", clip))
                .get("data");
        write(Path.of("docs", "images", name + ".png"), Base64.getDecoder().decode(png.toString()));
    }

    /** The whole page as it looks, below {@code target}; taken when {@code -Dlooks=true}. */
    void keepLook(String name) {
        if (Boolean.getBoolean("looks")) {
            Object png = driver.executeCdpCommand(
                            "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true))
                    .get("data");
            write(Path.of("target", "looks", name + ".png"), Base64.getDecoder().decode(png.toString()));
        }
    }

    /** What a failed test saw. */
    void keepEvidence(String name) {
        write(Path.of("target", "browser", name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    }

    private static void write(Path file, byte[] content) {
        try {
            Files.createDirectories(file.getParent());
            Files.write(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
