package io.jenkins.plugins.vcftoken.offline;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.TryTree;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;

/** Finds the classes and members that sources use, including those that the language uses implicitly. */
final class ApiUsageScanner extends TreePathScanner<Void, Void> {

    private final Trees trees;
    private final Elements elements;
    private final Types types;
    private final Consumer<Element> consumer;

    ApiUsageScanner(Trees trees, Elements elements, Types types, Consumer<Element> consumer) {
        this.trees = trees;
        this.elements = elements;
        this.types = types;
        this.consumer = consumer;
    }

    void scan(CompilationUnitTree unit) {
        scan(new TreePath(unit), null);
    }

    @Override
    public Void scan(Tree tree, Void unused) {
        if (tree != null && getCurrentPath() != null) {
            TreePath path = new TreePath(getCurrentPath(), tree);
            Element element = trees.getElement(path);
            if (element != null) {
                consumer.accept(element);
            }
            TypeMirror type = trees.getTypeMirror(path);
            if (type != null) {
                DeclarationFormatter.findTypes(type).forEach(consumer);
            }
            if (tree.getKind() == Tree.Kind.LAMBDA_EXPRESSION || tree.getKind() == Tree.Kind.MEMBER_REFERENCE) {
                addAbstractMethods(type);
            }
        }
        return super.scan(tree, unused);
    }

    private void addAbstractMethods(TypeMirror functionalInterface) {
        methods(functionalInterface)
                .filter(method -> method.getModifiers().contains(Modifier.ABSTRACT))
                .forEach(consumer);
    }

    /** A try statement implicitly calls {@code close}, and the compiler needs the exceptions it throws. */
    @Override
    public Void visitTry(TryTree statement, Void unused) {
        for (Tree resource : statement.getResources()) {
            methods(trees.getTypeMirror(new TreePath(getCurrentPath(), resource)))
                    .filter(method -> method.getSimpleName().contentEquals("close")
                            && method.getParameters().isEmpty())
                    .forEach(consumer);
        }
        return super.visitTry(statement, unused);
    }

    @Override
    public Void visitClass(ClassTree tree, Void unused) {
        TypeElement type = (TypeElement) trees.getElement(getCurrentPath());
        if (type.getSuperclass() instanceof DeclaredType parent) {
            addDefaultConstructor((TypeElement) parent.asElement());
            addBridgedMethods((TypeElement) parent.asElement());
        }
        return super.visitClass(tree, unused);
    }

    /** Constructors implicitly call the default constructor of the parent. */
    private void addDefaultConstructor(TypeElement parent) {
        ElementFilter.constructorsIn(parent.getEnclosedElements()).stream()
                .filter(constructor -> constructor.getParameters().isEmpty())
                .forEach(consumer);
    }

    /** The compiler generates bridge methods in a public class for public methods of a non-public parent. */
    private void addBridgedMethods(TypeElement parent) {
        if (!parent.getModifiers().contains(Modifier.PUBLIC)) {
            ElementFilter.methodsIn(parent.getEnclosedElements()).stream()
                    .filter(method -> method.getModifiers().contains(Modifier.PUBLIC))
                    .forEach(consumer);
            if (parent.getSuperclass() instanceof DeclaredType next) {
                addBridgedMethods((TypeElement) next.asElement());
            }
        }
    }

    /** An anonymous class passes its arguments to a constructor of its parent. */
    @Override
    public Void visitNewClass(NewClassTree tree, Void unused) {
        TypeMirror parent = trees.getTypeMirror(new TreePath(getCurrentPath(), tree.getIdentifier()));
        if (tree.getClassBody() != null && parent instanceof DeclaredType declared) {
            ElementFilter.constructorsIn(declared.asElement().getEnclosedElements()).stream()
                    .filter(c -> c.getParameters().size() == tree.getArguments().size()
                            && !DeclarationFormatter.isPrivate(c))
                    .forEach(consumer);
        }
        return super.visitNewClass(tree, unused);
    }

    /** Overridden methods are needed for {@code @Override} and for callers. */
    @Override
    public Void visitMethod(MethodTree tree, Void unused) {
        ExecutableElement method = (ExecutableElement) trees.getElement(getCurrentPath());
        TypeElement type = UnavailableTypes.enclosingType(method);
        Supertypes.findAll(type, types)
                .flatMap(parent -> ElementFilter.methodsIn(parent.getEnclosedElements()).stream())
                .filter(overridden -> elements.overrides(method, overridden, type))
                .forEach(consumer);
        return super.visitMethod(tree, unused);
    }

    private Stream<ExecutableElement> methods(TypeMirror type) {
        return type instanceof DeclaredType declared
                ? ElementFilter.methodsIn(elements.getAllMembers((TypeElement) declared.asElement())).stream()
                : Stream.empty();
    }
}
