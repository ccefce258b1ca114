package io.jenkins.plugins.vcftoken.browser;

import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.support.ui.Select;

/** A form of Jenkins as a person fills it in. */
final class JenkinsForm {

    private final JenkinsBrowser browser;
    private final String css;

    /** @param css which part of the page */
    JenkinsForm(JenkinsBrowser browser, String css) {
        this.browser = browser;
        this.css = css;
    }

    /** Jenkins keeps the fields of kinds that are not chosen, hidden, and hides boxes behind their labels. */
    WebElement field(String name) {
        return browser.await(
                name + " in " + css,
                here -> browser.all(css + " [name='_." + name + "']").stream()
                        .filter(each -> item(each).isDisplayed())
                        .findFirst()
                        .orElse(null));
    }

    /** Leaves the field, which makes Jenkins check it. */
    JenkinsForm fill(String name, String text) {
        WebElement field = field(name);
        field.clear();
        field.sendKeys(text, Keys.TAB);
        return this;
    }

    /** Shows the field that stands behind a button; a button does nothing until Jenkins has brought it to life. */
    JenkinsForm open(String section, String name) {
        browser.await(name + " opened", here -> {
            boolean shown = browser.all(css + " [name='_." + name + "']").stream()
                    .anyMatch(each -> item(each).isDisplayed());
            if (!shown) {
                press(section);
            }
            return shown;
        });
        return this;
    }

    /** Like a paste, for what has many lines. */
    JenkinsForm paste(String name, String text) {
        WebElement field = field(name);
        browser.run(
                "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', {bubbles: true}));",
                field,
                text);
        return this;
    }

    JenkinsForm tick(String name) {
        browser.click(item(field(name)).findElement(By.tagName("label")));
        return this;
    }

    JenkinsForm select(String name, String option) {
        browser.await(
                option + " in " + name,
                here -> new Select(field(name))
                        .getOptions().stream().anyMatch(each -> each.getText().contains(option)));
        new Select(field(name)).selectByContainsVisibleText(option);
        return this;
    }

    /** What Jenkins says under a field. */
    JenkinsForm assertSays(String name, String kind, String text) {
        browser.await(
                text + " under " + name,
                here -> item(field(name)).findElements(By.cssSelector(".validation-error-area ." + kind)).stream()
                        .anyMatch(each -> each.isDisplayed() && each.getText().contains(text)));
        return this;
    }

    JenkinsForm assertHelp(String name) {
        WebElement item = item(field(name));
        WebElement button = item.findElement(By.cssSelector(".jenkins-help-button"));
        browser.click(button);
        browser.await(
                "help of " + name,
                here -> !item.findElement(By.cssSelector(".help")).getText().isBlank());
        browser.click(button);
        return this;
    }

    /** Adds an entry to a list of different ones. */
    JenkinsForm add(String button, String entry) {
        press(button);
        browser.click(browser.find(".jenkins-dropdown__item", entry));
        return this;
    }

    void press(String button) {
        browser.click(browser.find(css + " button", button));
    }

    private static WebElement item(WebElement field) {
        return field.findElement(By.xpath("ancestor::div[contains(@class, 'jenkins-form-item')][1]"));
    }
}
